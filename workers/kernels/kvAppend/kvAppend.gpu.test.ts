import { expect } from 'vitest';
import type { KvCacheFormat } from '../../protocol/loading';
import { paddedWidth } from '../../quant/layout';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import type { KvCacheShape } from '../shared/kvCache';
import { kvCacheBytes } from '../shared/kvCache';
import { KvCacheRows } from '../shared/kvCache.reference';
import { kvAppend } from './kvAppend';
import { kvAppendReference } from './kvAppend.reference';

const UNTOUCHED = 0x11;

type Content = KvCacheRows['content'];

/** One rounding step of the format, relative to the largest channel of a row: drivers may round a tie either way. */
const STEP: Record<KvCacheFormat, number> = { f32: 0, f16: 2 ** -11, int8: 1 / 127 };

function emptyCache({ format, numKvHeads, capacity, headDim }: KvCacheShape): Uint8Array<ArrayBuffer> {
  return new Uint8Array(kvCacheBytes(format, numKvHeads, capacity, headDim)).fill(UNTOUCHED);
}

/** Counts rows that differ from the reference by more than rounding, the untouched ones included. */
function wrongRows(shape: KvCacheShape, content: Content, got: Uint8Array, want: Uint8Array): string[] {
  const wrong: string[] = [];
  const [gotRows, wantRows] = [new KvCacheRows(shape, content, got), new KvCacheRows(shape, content, want)];
  const [gotRow, wantRow] = [new Float32Array(shape.headDim), new Float32Array(shape.headDim)];
  for (let head = 0; head < shape.numKvHeads; head++) {
    for (let position = 0; position < shape.capacity; position++) {
      gotRows.read(head, position, gotRow);
      wantRows.read(head, position, wantRow);
      const largest = wantRow.reduce((most, channel) => Math.max(most, Math.abs(channel)), 0);
      const allowed = largest * (1.01 * STEP[shape.format] + 2e-7);
      if (!gotRow.every((channel, i) => Math.abs(channel - wantRow[i]!) <= allowed)) wrong.push(`${head}, ${position}`);
    }
  }
  return wrong;
}

async function check(device: GPUDevice, shape: KvCacheShape, rows: number, position: number) {
  const { numKvHeads, headDim } = shape;
  const random = new Random(headDim + rows);
  const width = paddedWidth(numKvHeads * headDim);
  const k = random.rows(rows + 1, numKvHeads * headDim, width, 4);
  const v = random.rows(rows + 1, numKvHeads * headDim, width);
  const [keys, values] = [emptyCache(shape), emptyCache(shape)];
  await runLaunch(device, kvAppend(shape), { rows, position }, [k, v, keys, values]);
  const [wantKeys, wantValues] = [emptyCache(shape), emptyCache(shape)];
  kvAppendReference(k, new KvCacheRows(shape, 'keys', wantKeys), { rows, width, position });
  kvAppendReference(v, new KvCacheRows(shape, 'values', wantValues), { rows, width, position });
  expect(wrongRows(shape, 'keys', keys, wantKeys)).toEqual([]);
  expect(wrongRows(shape, 'values', values, wantValues)).toEqual([]);
}

for (const format of ['f32', 'f16', 'int8'] as const) {
  for (const [numKvHeads, headDim, capacity, rows, position] of [
    [1, 2, 3, 1, 0],
    [2, 24, 7, 2, 5],
    [3, 70, 19, 17, 1],
    [8, 64, 11, 1, 10],
    [1, 256, 5, 3, 0],
  ] as const) {
    const shape: KvCacheShape = { format, numKvHeads, headDim, capacity };
    gpuTest(
      `kvAppend ${format}: ${rows} rows at ${position} of ${capacity}, ${numKvHeads} × ${headDim}`,
      ({ device }) => check(device, shape, rows, position),
    );
  }
  maxGpuTest(`kvAppend ${format} with all that the adapter offers`, ({ device }) =>
    check(device, { format, numKvHeads: 2, headDim: 64, capacity: 9 }, 2, 3),
  );

  gpuTest(`kvAppend ${format}: rows of zeros are stored as zeros`, async ({ device }) => {
    const shape: KvCacheShape = { format, numKvHeads: 1, headDim: 32, capacity: 32 };
    const [keys, values] = [emptyCache(shape), emptyCache(shape)];
    const zeros = () => new Float32Array(32 * 32);
    await runLaunch(device, kvAppend(shape), { rows: 32 }, [zeros(), zeros(), keys, values]);
    expect(keys.every((byte) => byte === 0)).toBe(true);
    expect(values.every((byte) => byte === 0)).toBe(true);
  });
}

gpuTest('kvAppend f16: a value beyond the largest half becomes the largest half', async ({ device }) => {
  const shape: KvCacheShape = { format: 'f16', numKvHeads: 1, headDim: 32, capacity: 1 };
  const [keys, values] = [emptyCache(shape), emptyCache(shape)];
  const k = new Float32Array(32).fill(1e6);
  await runLaunch(device, kvAppend(shape), { rows: 1 }, [k, k.map((x) => -x), keys, values]);
  const row = new Float32Array(32);
  new KvCacheRows(shape, 'keys', keys).read(0, 0, row);
  expect(row[7]).toBe(65504);
  new KvCacheRows(shape, 'values', values).read(0, 0, row);
  expect(row[7]).toBe(-65504);
});

gpuTest('kvAppend: positions beyond the capacity are dropped', async ({ device }) => {
  const shape: KvCacheShape = { format: 'f32', numKvHeads: 2, headDim: 4, capacity: 32 };
  const [keys, values] = [emptyCache(shape), emptyCache(shape)];
  const k = new Float32Array(2 * 32).fill(1);
  await runLaunch(device, kvAppend(shape), { rows: 2, position: 31 }, [k, k.slice(), keys, values]);
  for (const memory of [keys, values]) {
    // A head has 512 bytes: a write past the end of head 0 would land in position 0 of head 1.
    expect([...new Float32Array(memory.buffer, 496, 4)]).toEqual([1, 1, 1, 1]);
    expect(memory.subarray(512, 528).every((byte) => byte === UNTOUCHED)).toBe(true);
  }
});
