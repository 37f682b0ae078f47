import { expect, test } from 'vitest';
import { CHUNK_BYTES, MAX_SHARD_BYTES } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import { GGML_TYPES } from '../quant/ggml';
import { MIXED_INT4 } from '../quant/groupedInt4';
import { matrixLayout } from '../quant/layout';
import { plannedChunks, planImport, storedBytes } from './plan';
import { bytesOfRows, separateHalves } from './rowBatches';

const tensor = (target: string, shape: SourceTensor['shape'], type = 30): SourceTensor => ({
  name: target,
  target,
  shape,
  type: GGML_TYPES[type]!,
  file: 0,
  offset: 0,
  bytes: 0,
  hasInterleavedHeads: false,
});

test('the embedding of MiniCPM-2B is split into shards and chunks of whole tiles', () => {
  const [embedTokens, norm] = planImport(
    [tensor('embedTokens', [122_753, 2304]), tensor('norm', [2304])],
    'auto',
    CHUNK_BYTES,
  );
  const { format, shards } = embedTokens!.entry;
  expect(format).toBe('int4');
  const { tileBytes, bytes } = matrixLayout(format, 122_753, 2304);
  expect(shards).toHaveLength(2);
  let row = 0;
  for (const shard of shards) {
    expect(shard.rowStart).toBe(row);
    expect(shard.rowStart % 32).toBe(0);
    expect(shard.bytes).toBeLessThanOrEqual(MAX_SHARD_BYTES);
    expect(shard.bytes).toBe(matrixLayout(format, shard.rows, 2304).bytes);
    expect(shard.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)).toBe(shard.bytes);
    for (const chunk of shard.chunks) {
      expect(chunk.bytes).toBeLessThanOrEqual(CHUNK_BYTES);
      expect(chunk.bytes % tileBytes).toBe(0);
    }
    row += shard.rows;
  }
  expect(row).toBe(122_753);
  expect(storedBytes(embedTokens!.entry)).toBe(bytes);
  const numbers = [...shards, ...norm!.entry.shards].flatMap(({ chunks }) => chunks.map(({ number }) => number));
  expect(numbers).toEqual(numbers.map((_, i) => i));
});

test('the chunks of a tensor hold all its rows once, in whole tiles', () => {
  for (const [rows, chunkBytes] of [
    [122_753, CHUNK_BYTES],
    [1000, 50_000],
    [33, 1],
  ] as const) {
    const [planned] = planImport([tensor('embedTokens', [rows, 256])], 'int8', chunkBytes);
    let row = 0;
    for (const { firstRow, endRow } of plannedChunks(planned!.entry)) {
      expect(firstRow).toBe(row);
      expect(firstRow % 32).toBe(0);
      expect(endRow).toBeGreaterThan(firstRow);
      row = endRow;
    }
    expect(row).toBe(rows);
  }
});

test('rows of interleaved heads are read with the whole heads they are in', () => {
  const qProj = { ...tensor('layers.0.qProj', [384, 10]), offset: 1000, bytes: 384 * 20, hasInterleavedHeads: true };
  expect(bytesOfRows(qProj, 64, { firstRow: 96, endRow: 160 })).toEqual({ from: 1000 + 64 * 20, to: 1000 + 192 * 20 });
  expect(bytesOfRows(qProj, 96, { firstRow: 96, endRow: 384 })).toEqual({ from: 1000 + 96 * 20, to: 1000 + 384 * 20 });
  const plain = { ...qProj, hasInterleavedHeads: false };
  expect(bytesOfRows(plain, 64, { firstRow: 96, endRow: 160 })).toEqual({ from: 1000 + 96 * 20, to: 1000 + 160 * 20 });
});

test('a vocabulary matrix stays int8 up to 64 MiB', () => {
  const formats = (rows: number) =>
    planImport([tensor('embedTokens', [rows, 1024]), tensor('lmHead', [rows, 1024])], 'auto', CHUNK_BYTES).map(
      ({ entry }) => entry.format,
    );
  expect(formats(50_000)).toEqual(['int8', 'int8']);
  expect(formats(73_448)).toEqual(['int4', 'int4']);
});

test('codes of the source are kept unless another format is asked for', () => {
  const q4_0 = [tensor('layers.0.qProj', [256, 256], 2)];
  expect(planImport(q4_0, 'auto', CHUNK_BYTES)[0]!.stored).toEqual({ keepsCodes: true, format: 'int4-affine' });
  expect(planImport(q4_0, 'int4', CHUNK_BYTES)[0]!.stored).toEqual({ keepsCodes: true, format: 'int4-affine' });
  expect(planImport(q4_0, 'int8', CHUNK_BYTES)[0]!.stored).toEqual({ keepsCodes: false, format: 'int8' });
  expect(planImport(q4_0, 'f32', CHUNK_BYTES)[0]!.stored).toEqual({ keepsCodes: false, format: 'f32' });
});

test('interleaved rows of two heads of 6 go back to their halves', () => {
  const stored = Uint8Array.of(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11);
  expect([...separateHalves(stored, 1, 6)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test('matrices of mixed groups are kept exactly in f16 up to 1 GiB, and become int8 where they are larger', () => {
  const downProj = (layer: number) => ({ ...tensor(`layers.${layer}.downProj`, [2304, 5760]), type: MIXED_INT4 });
  const formats = (layers: number) =>
    planImport(
      Array.from({ length: layers }, (_, i) => downProj(i)),
      'auto',
      CHUNK_BYTES,
    ).map(({ stored }) => stored.format);
  expect(new Set(formats(40))).toEqual(new Set(['f16']));
  expect(new Set(formats(41))).toEqual(new Set(['int8']));
});
