import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import type { KvCacheShape } from '../shared/kvCache';
import { kvCacheBytes } from '../shared/kvCache';
import { KvCacheRows } from '../shared/kvCache.reference';
import { ropeAppend } from './ropeAppend';
import { ropeAppendReference } from './ropeAppend.reference';

/** All channels of a cache, by head and position. */
function channels(shape: KvCacheShape, memory: Uint8Array): Float32Array {
  const rows = new KvCacheRows(shape, memory);
  const all = new Float32Array(shape.numKvHeads * shape.capacity * shape.headDim);
  for (let head = 0; head < shape.numKvHeads; head++) {
    for (let position = 0; position < shape.capacity; position++) {
      rows.read(head, position, all.subarray((head * shape.capacity + position) * shape.headDim));
    }
  }
  return all;
}

async function check(device: GPUDevice, cache: KvCacheShape, numHeads: number, position: number) {
  const { format, numKvHeads, capacity, headDim } = cache;
  const random = new Random(headDim);
  const keyStart = paddedWidth(numHeads * headDim);
  const valueStart = keyStart + paddedWidth(numKvHeads * headDim);
  const shape = { numHeads, cache, keyStart, valueStart };
  const qkv = random.floats(valueStart + paddedWidth(numKvHeads * headDim));
  const table = random.floats(capacity * headDim);
  const empty = () => new Uint8Array(kvCacheBytes(format, numKvHeads, capacity, headDim));
  const [keys, values, wantKeys, wantValues] = [empty(), empty(), empty(), empty()];
  const q = new Float32Array(keyStart).fill(7);
  await runLaunch(device, ropeAppend(shape), { rows: 1, position }, [qkv, table, q, keys, values]);
  const rows = (memory: Uint8Array) => new KvCacheRows(cache, memory);
  const want = ropeAppendReference(qkv, table, rows(wantKeys), rows(wantValues), shape, position);
  expect(nmse(q, want)).toBeLessThan(1e-12);
  expect(q.subarray(numHeads * headDim).every((value) => value === 0)).toBe(true);
  const tolerance = { f32: 1e-12, f16: 1e-7, int8: 1e-4 }[format];
  for (const [got, expected] of [
    [keys, wantKeys],
    [values, wantValues],
  ] as const) {
    expect(nmse(channels(cache, got), channels(cache, expected))).toBeLessThan(tolerance);
  }
}

for (const format of ['f32', 'f16', 'int8'] as const) {
  for (const [numHeads, numKvHeads, headDim, capacity, position] of [
    [1, 1, 2, 3, 0],
    [6, 2, 12, 7, 6],
    [3, 3, 70, 9, 4],
    [8, 2, 64, 5, 1],
  ] as const) {
    gpuTest(`ropeAppend ${format}: ${numHeads} and ${numKvHeads} heads of ${headDim}`, ({ device }) =>
      check(device, { format, numKvHeads, capacity, headDim }, numHeads, position),
    );
  }
}
