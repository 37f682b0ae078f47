import { expect, test } from 'vitest';
import { Random } from '../testing/random';
import { Packers } from './packers';
import type { RowsToPack } from './packRows';
import { packRows } from './packRows';

/** Needs no GPU, but a browser: Node has no workers of this kind. */

const COLUMNS = 160;
/** The last tile is not whole. */
const ROWS = 75;

/** Random weights in f32; every call the same. */
function job(seed: number, format: 'int4' | 'int8' = 'int4'): RowsToPack {
  const weights = new Random(seed).floats(ROWS * COLUMNS);
  const stored = { keepsCodes: false as const, format };
  return { type: 'F32', stored, rowCount: ROWS, columns: COLUMNS, rows: new Uint8Array(weights.buffer) };
}

test('workers pack to the same bytes as this thread does, each job to its own', async () => {
  const packers = new Packers(3);
  const jobs = Array.from({ length: 20 }, (_, i) => [i, i % 2 ? 'int8' : 'int4'] as const);
  const packed = await Promise.all(jobs.map(([seed, format]) => packers.pack(job(seed, format))));
  packers.close();
  for (const [i, [seed, format]] of jobs.entries()) expect(packed[i]).toEqual(packRows(job(seed, format)));
});

test('a job that cannot be done fails by name, and its worker goes on', async () => {
  const packers = new Packers(1);
  const bad = job(1);
  new Float32Array(bad.rows.buffer)[2 * COLUMNS + 5] = NaN;
  const [failed, good] = await Promise.allSettled([packers.pack(bad), packers.pack(job(2))]);
  packers.close();
  expect(failed).toMatchObject({
    status: 'rejected',
    reason: { name: 'RangeError', message: 'the weight in row 2, column 5 is NaN' },
  });
  expect(good).toEqual({ status: 'fulfilled', value: packRows(job(2)) });
});
