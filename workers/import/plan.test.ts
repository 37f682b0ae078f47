import { expect, test } from 'vitest';
import { CHUNK_BYTES, MAX_SHARD_BYTES } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import { GGML_TYPES } from '../quant/ggml';
import { matrixLayout } from '../quant/layout';
import { planImport, storedBytes } from './plan';
import { separateHalves } from './rowBatches';

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
  const [embedTokens, norm] = planImport([tensor('embedTokens', [122_753, 2304]), tensor('norm', [2304])], 'auto');
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

test('a vocabulary matrix stays int8 up to 64 MiB', () => {
  const formats = (rows: number) =>
    planImport([tensor('embedTokens', [rows, 1024]), tensor('lmHead', [rows, 1024])], 'auto').map(
      ({ entry }) => entry.format,
    );
  expect(formats(50_000)).toEqual(['int8', 'int8']);
  expect(formats(73_448)).toEqual(['int4', 'int4']);
});

test('codes of the source are kept unless another format is asked for', () => {
  const q4_0 = [tensor('layers.0.qProj', [256, 256], 2)];
  expect(planImport(q4_0, 'auto')[0]!.stored).toEqual({ keepsCodes: true, format: 'int4-affine' });
  expect(planImport(q4_0, 'int4')[0]!.stored).toEqual({ keepsCodes: true, format: 'int4-affine' });
  expect(planImport(q4_0, 'int8')[0]!.stored).toEqual({ keepsCodes: false, format: 'int8' });
  expect(planImport(q4_0, 'f32')[0]!.stored).toEqual({ keepsCodes: false, format: 'f32' });
});

test('interleaved rows of two heads of 6 go back to their halves', () => {
  const stored = Uint8Array.of(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11);
  expect([...separateHalves(stored, 1, 6)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});
