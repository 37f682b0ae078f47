import { expect, test } from 'vitest';
import { formatMonth } from './wording';

test('months are written as the browser would write them', () => {
  for (const language of ['en', 'zh'] as const) {
    const shape = { year: 'numeric', month: 'short', timeZone: 'UTC' } as const;
    const spoken = new Intl.DateTimeFormat(language, shape);
    for (let month = 1; month <= 12; month++) {
      const release = `2025-${String(month).padStart(2, '0')}`;
      expect(formatMonth(release, language)).toBe(spoken.format(new Date(`${release}-01T00:00:00Z`)));
    }
  }
});
