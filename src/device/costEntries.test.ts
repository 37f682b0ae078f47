import { expect, test } from 'vitest';
import { readEntries } from './costEntries';

test('what was kept comes back, and whatever is no amount is empty', () => {
  const empty = readEntries(null, 'CNY');
  expect(empty).toMatchObject({ currency: 'CNY', watts: null, services: [] });
  const entries = {
    ...empty,
    watts: 5.5,
    yuanPerDollar: 7,
    services: [{ name: 'A', millionPrice: 2, currency: 'USD' as const }],
  };
  expect(readEntries(JSON.stringify(entries), 'USD')).toEqual(entries);
  expect(readEntries('{"watts": -1, "devicePrice": "x", "services": [null, 3]}', 'USD')).toEqual({
    ...empty,
    currency: 'USD',
    services: Array(2).fill({ name: '', millionPrice: null, currency: 'USD' }),
  });
  for (const broken of ['', '{', '[]', '3']) expect(readEntries(broken, 'CNY')).toEqual(empty);
});
