import { afterEach, expect, test, vi } from 'vitest';
import { matrixLayout } from '../quant/layout';
import { deviceWithRoom } from '../testing/deviceWithRoom';
import { CpuBackend } from './cpuBackend';
import { GpuBackend } from './gpuBackend';
import { cutTo, productsGraph } from './productsGraph';
import { trialMatrix } from './trialMatrix';

const SHAPE = { format: 'int4', rows: 64, columns: 96 } as const;
const { bytes: MATRIX_BYTES } = matrixLayout('int4', 64, 96);

afterEach(() => void vi.unstubAllGlobals());

test('as many matrices as the bytes asked for hold, all the same, are multiplied by in turn', async () => {
  const backend = new CpuBackend();
  const { graph, buffers } = await productsGraph(backend, SHAPE, 1, 101 * MATRIX_BYTES - 1);
  const weights = graph.ops.flatMap((op) => (op.kind === 'linear' ? [op.weight.shards[0]!.buffer] : []));
  expect(weights).toHaveLength(100);
  expect(new Set(weights).size).toBe(100);
  expect(buffers).toHaveLength(101);
  const matrix = trialMatrix('int4', 64, 96, 1);
  for (const buffer of [weights[0]!, weights[99]!]) {
    expect(new Uint8Array(await backend.read(buffer, MATRIX_BYTES))).toEqual(matrix);
  }
});

test('one matrix at least', async () => {
  const { graph } = await productsGraph(new CpuBackend(), SHAPE, 128, 0);
  expect(graph.ops.map(({ kind }) => kind)).toEqual(['embedding', 'linear']);
});

test('where there is no room for all of them, none is kept', async () => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, COPY_DST: 8, COPY_SRC: 4 });
  const backend = new GpuBackend(deviceWithRoom(5 * MATRIX_BYTES).device);
  await expect(productsGraph(backend, SHAPE, 1, 10 * MATRIX_BYTES)).rejects.toMatchObject({ name: 'OutOfMemoryError' });
  expect(backend.counters.heldBytes).toBe(0);
});

test('a large matrix is cut to whole tiles', () => {
  expect(cutTo(1000 * 288, { format: 'int4', rows: 4096, columns: 288 })).toEqual({
    format: 'int4',
    rows: 992,
    columns: 288,
  });
  expect(cutTo(1000 * 288, { format: 'int4', rows: 70, columns: 288 }).rows).toBe(70);
  expect(cutTo(10, { format: 'int4', rows: 70, columns: 288 }).rows).toBe(32);
});
