import { expect, test } from 'vitest';
import { keepsEyes } from './eyesMemory';

test('light eyes stay everywhere, heavy ones where there is memory for them', () => {
  const phone = { deviceMemoryGiB: 8, isHandheld: true };
  expect(keepsEyes(5e6, phone)).toBe(true);
  expect(keepsEyes(450e6, phone)).toBe(false);
  expect(keepsEyes(450e6, { deviceMemoryGiB: 4, isHandheld: false })).toBe(false);
  expect(keepsEyes(450e6, { deviceMemoryGiB: 8, isHandheld: false })).toBe(true);
  expect(keepsEyes(450e6, { deviceMemoryGiB: null, isHandheld: false })).toBe(true);
});
