import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import type { Manifest, TensorEntry } from '../checkpoint/manifest';
import type { Quantization } from '../protocol/model';
import { LARGEST_SCALED_HALF } from '../quant/scaledHalf';
import { unpackMatrix } from '../quant/unpack';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import type { QuantizedOptions } from '../testing/quantizedCheckpoint';
import { half, integers, quantizedCheckpoint, quantizedFolder } from '../testing/quantizedCheckpoint';
import type { RawTensor } from '../testing/safetensorsFile';
import { rawSafetensorsFile } from '../testing/safetensorsFile';
import { jsonFile, testFile } from '../testing/tinyCheckpoint';

interface Imported {
  manifest: Manifest;
  weights: Map<string, Float32Array>;
}

async function importFiles(files: File[], quantization: Quantization, chunkBytes?: number): Promise<Imported> {
  const database = newDatabase();
  const transfer = chunkBytes === undefined ? {} : { transfer: { chunkBytes } };
  const manifest = await importModel(files, { database, quantization, ...transfer });
  const weights = new Map<string, Float32Array>();
  for (const entry of manifest.tensors) weights.set(entry.name, await storedWeights(database, manifest, entry));
  return { manifest, weights };
}

async function storedWeights(database: string, manifest: Manifest, entry: TensorEntry): Promise<Float32Array> {
  const store = new WeightStore(database);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const chunk of entry.shards.flatMap((shard) => shard.chunks)) parts.push(await store.getChunk(manifest, chunk));
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const [rows, columns] = entry.shape;
  if (columns === undefined) return new Float32Array(bytes.buffer, 0, rows);
  return unpackMatrix(entry.format, bytes, rows, columns);
}

function formats({ manifest }: Imported): Set<string> {
  const matrices = manifest.tensors.filter(({ name, shape }) => shape.length === 2 && name !== 'embedTokens');
  return new Set(matrices.map(({ format }) => format));
}

/** Expects every stored weight to be, but for `tolerance` of the largest of its tensor, what the file says. */
function expectWeights({ weights }: Imported, expected: Map<string, Float64Array>, tolerance: number): void {
  expect([...weights.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, want] of expected) {
    const got = weights.get(name)!;
    const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = want.reduce((most, value, i) => Math.max(most, Math.abs(got[i]! - value)), 0);
    expect(worst / largest, name).toBeLessThanOrEqual(tolerance);
  }
}

const KEPT: QuantizedOptions[] = [
  { method: 'gptq', groupSize: 32 },
  { method: 'gptq', groupSize: 64 },
  { method: 'gptq', groupSize: 128 },
  { method: 'gptq', groupSize: -1 },
  { method: 'gptq', groupSize: 128, isSymmetric: true },
  { method: 'gptq', groupSize: 32, order: 'blocks' },
  { method: 'gptq', groupSize: 64, order: 'blocks' },
  { method: 'gptq_v2', groupSize: 128 },
  { method: 'gptq_v2', groupSize: 32, isSymmetric: true },
  { method: 'awq', groupSize: 32 },
  { method: 'awq', groupSize: 64 },
  { method: 'awq', groupSize: 128 },
  { method: 'awq', groupSize: -1 },
  { method: 'mlx', groupSize: 32 },
  { method: 'mlx', groupSize: 64 },
  { method: 'mlx', groupSize: 128 },
];

/** Codes of several groups within 32 columns. */
const MIXED: QuantizedOptions[] = [
  { method: 'gptq', groupSize: 64, order: 'columns' },
  { method: 'gptq', groupSize: 32, order: 'columns', isSymmetric: true },
  { method: 'gptq', groupSize: 16 },
  { method: 'gptq', groupSize: 48 },
  { method: 'gptq_v2', groupSize: 32, order: 'columns' },
  { method: 'awq', groupSize: 16 },
];

const label = (options: QuantizedOptions) => ({ ...options, title: JSON.stringify(options) });

describe('codes of 4 bits', () => {
  test.each([...KEPT, ...MIXED].map(label))('$title expand to f32 exactly', async (options) => {
    const { files, weights } = quantizedCheckpoint(options);
    expectWeights(await importFiles(files, 'f32'), weights, 0);
  });

  test.each(KEPT.map(label))('$title are kept as int4-affine', async (options) => {
    const { files, weights } = quantizedCheckpoint(options);
    const imported = await importFiles(files, 'auto');
    expect(formats(imported)).toEqual(new Set(['int4-affine']));
    // Where zeros are 8, and in MLX, offsets are halves; else they are rounded to halves, and all else is exact.
    const isExact = options.isSymmetric || options.method === 'mlx';
    expectWeights(imported, weights, isExact ? 0 : 2 ** -11);
  });

  test.each(MIXED.map(label))('$title are stored as f16', async (options) => {
    const { files, weights } = quantizedCheckpoint(options);
    const imported = await importFiles(files, 'auto');
    expect(formats(imported)).toEqual(new Set(['f16']));
    expectWeights(imported, weights, 2 ** -11);
  });

  test('are the same whatever the size of chunks', async () => {
    for (const options of [KEPT[0]!, KEPT[9]!, KEPT[13]!, MIXED[0]!]) {
      const { files, weights } = quantizedCheckpoint(options);
      const imported = await importFiles(files, 'f32', 40_000);
      expect(imported.manifest.tensors.some(({ shards }) => shards[0]!.chunks.length > 2)).toBe(true);
      expectWeights(imported, weights, 0);
    }
  });

  test('may be in other formats', async () => {
    const { files, weights } = quantizedCheckpoint({ method: 'gptq', groupSize: 32 });
    for (const [quantization, tolerance] of [
      ['int8', 0.005],
      ['f16', 2 ** -11],
    ] as const) {
      const imported = await importFiles(files, quantization);
      expect(formats(imported)).toEqual(new Set([quantization]));
      expectWeights(imported, weights, tolerance);
    }
  });
});

describe('a checkpoint of GPTQ', () => {
  const options: QuantizedOptions = { method: 'gptq', groupSize: 32 };
  const { files, tensors, config, weights } = quantizedCheckpoint(options);
  const stated = config.quantization_config as Record<string, unknown>;

  test('may say how it was quantised in quantize_config.json alone', async () => {
    const { quantization_config: _gone, ...rest } = config;
    const { quant_method: _unsaid, ...own } = stated;
    const quantizeConfig = jsonFile('quantize_config.json', own);
    expectWeights(await importFiles([...quantizedFolder(rest, tensors), quantizeConfig], 'f32'), weights, 0);
  });

  test('may say its version in quantize_config.json alone', async () => {
    const second = quantizedCheckpoint({ method: 'gptq_v2', groupSize: 32 });
    const { checkpoint_format: version, ...rest } = second.config.quantization_config as Record<string, unknown>;
    const folder = quantizedFolder({ ...second.config, quantization_config: rest }, second.tensors);
    const quantizeConfig = jsonFile('quantize_config.json', { bits: 4, group_size: 32, checkpoint_format: version });
    expectWeights(await importFiles([...folder, quantizeConfig], 'f32'), second.weights, 0);
  });

  test('may have biases of zero', async () => {
    const bias = half('model.layers.0.self_attn.q_proj.bias', [384], new Float32Array(384));
    expectWeights(await importFiles(quantizedFolder(config, [...tensors, bias]), 'f32'), weights, 0);
  });

  test('may have groups that follow each other without saying so', async () => {
    const unsaid = tensors.filter(({ name }) => !name.endsWith('.g_idx'));
    expectWeights(await importFiles(quantizedFolder(config, unsaid), 'f32'), weights, 0);
  });

  test('may have the parts of a matrix in different files', async () => {
    const isScale = ({ name }: RawTensor) => /scales|qzeros|g_idx/.test(name);
    const shards = [tensors.filter((tensor) => !isScale(tensor)), tensors.filter(isScale)];
    const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const sharded = shards.map((shard, i) => testFile(names[i]!, rawSafetensorsFile(shard)));
    const others = files.filter(({ name }) => name !== 'model.safetensors');
    expectWeights(await importFiles([...others, ...sharded], 'f32'), weights, 0);
  });

  test('keeps neither a second vocabulary matrix nor reads it', async () => {
    const copy = tensors.find(({ name }) => name === 'model.embed_tokens.weight')!;
    const folder = quantizedFolder(config, [...tensors, { ...copy, name: 'lm_head.weight' }]);
    const imported = await importFiles(folder, 'auto');
    expectWeights(imported, weights, 2 ** -11);
    expect(imported.manifest.tensors.map(({ name }) => name)).not.toContain('lmHead');
  });

  test('keeps its vocabulary matrix in f16 where it is small', async () => {
    const { manifest } = await importFiles(files, 'auto');
    expect(manifest.tensors.find(({ name }) => name === 'embedTokens')!.format).toBe('f16');
  });

  test('is refused where a scale is too large or no number', async () => {
    const name = 'model.layers.1.mlp.up_proj.scales';
    for (const [value, quantization] of [
      [LARGEST_SCALED_HALF * 2, 'auto'],
      [Infinity, 'auto'],
      [NaN, 'f32'],
    ] as const) {
      const damaged = tensors.map((tensor) =>
        tensor.name === name ? half(name, tensor.shape, new Float32Array(4 * 256).fill(value)) : tensor,
      );
      await expect(importFiles(quantizedFolder(config, damaged), quantization)).rejects.toMatchObject({
        name: 'InvalidFileError',
        message: expect.stringContaining('model.layers.1.mlp.up_proj.weight'),
      });
    }
  });

  test('is refused where a column is of a group that does not exist', async () => {
    const name = 'model.layers.1.mlp.down_proj.g_idx';
    for (const group of [8, -1, 2 ** 31 - 1]) {
      const damaged = tensors.map((tensor) =>
        tensor.name === name
          ? integers(
              name,
              Array.from({ length: 256 }, (_, k) => (k === 17 ? group : k >> 5)),
            )
          : tensor,
      );
      await expect(importFiles(quantizedFolder(config, damaged), 'auto')).rejects.toMatchObject({
        name: 'InvalidFileError',
        message: expect.stringContaining(`down_proj.qweight": column 17 is of group ${group}, of 8 groups`),
      });
    }
  });
});
