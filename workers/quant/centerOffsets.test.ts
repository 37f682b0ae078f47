import { expect, test } from 'vitest';
import { worstMiss } from '../testing/allclose';
import { centerOffsets } from './centerOffsets';
import type { CodedRows } from './packCodes';
import { allocateCodedRows } from './packCodes';

const LARGEST_CODE = 31;

/** One group of 32 codes 0…31 per pair of scale and offset. */
function groups(pairs: [number, number][]): CodedRows {
  const rows = allocateCodedRows('int8-affine', 1, 32 * pairs.length);
  for (let i = 0; i < rows.codes.length; i++) rows.codes[i] = i % 32;
  pairs.forEach(([scale, offset], group) => {
    rows.scales[group] = scale;
    rows.offsets[group] = offset;
  });
  return rows;
}

const values = ({ codes, scales, offsets }: CodedRows) =>
  Array.from(codes, (code, i) => scales[i >> 5]! * code + offsets[i >> 5]!);

test('values stay while offsets shrink to half a scale', () => {
  const rows = groups([
    [0.25, -4.1],
    [-0.25, -4.1],
    [0.25, 3.99],
    [1e-3, -0.128],
    [1e-3, 0.096],
  ]);
  const before = values(rows);
  centerOffsets(rows, LARGEST_CODE);
  expect(worstMiss(values(rows), before, { rtol: 0, atol: 1e-7 })).toBeNull();
  expect([...rows.offsets].filter((offset, i) => Math.abs(offset / rows.scales[i]!) > 0.5001)).toEqual([]);
  expect([rows.codes[0], rows.codes[32], rows.codes[64]]).toEqual([-16, 16, 16]);
});

test('an offset of more steps than codes have room for keeps the rest', () => {
  const rows = groups([
    [1, -200.25],
    [1, 200.25],
    [0, 5],
  ]);
  const before = values(rows);
  centerOffsets(rows, LARGEST_CODE);
  expect(values(rows)).toEqual(before);
  expect([...rows.offsets]).toEqual([-72.25, 104.25, 5]);
  expect([rows.codes[0], rows.codes[63], rows.codes[64]]).toEqual([-128, 127, 0]);
});
