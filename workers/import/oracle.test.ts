import 'fake-indexeddb/auto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Manifest, TensorEntry } from '../checkpoint/manifest';
import type { ModelConfig } from '../checkpoint/modelConfig';
import type { ModelInfo, Quantization } from '../protocol/model';
import { unpackMatrix } from '../quant/unpack';
import { WeightStore } from '../storage/weightStore';
import { Importer } from './importer';

const ORACLE = '../shared/oracle';
const hasOracle = existsSync(ORACLE);
if (!hasOracle) console.log(`Skipped: the reference models are not at ${ORACLE}.`);

function readFolder(folder: string): File[] {
  return readdirSync(`${ORACLE}/${folder}`).map((name) => readFile(`${folder}/${name}`));
}

function readFile(path: string): File {
  return new File([readFileSync(`${ORACLE}/${path}`)], path.split('/').at(-1)!);
}

interface Imported {
  store: WeightStore;
  manifest: Manifest;
  info: ModelInfo;
}

let databases = 0;

async function importFiles(files: File[], quantization: Quantization): Promise<Imported> {
  const database = `oracle-${databases++}`;
  const request = { database, source: { kind: 'files' as const, files }, id: undefined, quantization };
  const info = await new Importer('http://localhost/').importModel(request, () => undefined);
  const store = new WeightStore(database);
  return { store, info, manifest: await store.getManifest(info.id) };
}

const references = new Map<string, Promise<Imported>>();

function referenceOf(model: string): Promise<Imported> {
  if (!references.has(model)) references.set(model, importFiles(readFolder(`${model}/safetensors-bf16`), 'f32'));
  return references.get(model)!;
}

async function storedTensor({ store, manifest }: Imported, entry: TensorEntry): Promise<Float32Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const chunk of entry.shards.flatMap((shard) => shard.chunks)) parts.push(await store.getChunk(manifest, chunk));
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const [rows, columns] = entry.shape;
  if (columns === undefined) return new Float32Array(bytes.buffer, 0, rows);
  return unpackMatrix(entry.format, bytes, rows, columns);
}

/** The largest difference of any tensor from its twin, relative to the twin's largest weight. */
async function worstDifference(got: Imported, want: Imported): Promise<{ tensor: string; difference: number }> {
  let worst = { tensor: '', difference: 0 };
  expect(got.manifest.tensors.map(({ name }) => name).sort()).toEqual(
    want.manifest.tensors.map(({ name }) => name).sort(),
  );
  for (const entry of got.manifest.tensors) {
    const twin = want.manifest.tensors.find(({ name }) => name === entry.name)!;
    expect(entry.shape).toEqual(twin.shape);
    const [a, b] = [await storedTensor(got, entry), await storedTensor(want, twin)];
    const largest = b.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const difference = a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0) / largest;
    if (!(difference <= worst.difference)) worst = { tensor: entry.name, difference };
  }
  return worst;
}

/** Metadata keep f32 where JSON keeps decimals, and name one end-of-sequence token. */
function withoutRounding({ rmsNormEps, residualScale, rope, eosTokenIds, ...config }: ModelConfig) {
  return {
    ...config,
    rmsNormEps: Math.fround(rmsNormEps),
    residualScale: Math.fround(residualScale),
    rope: { ...rope, factors: rope.factors?.map(Math.fround) ?? null },
    firstEos: eosTokenIds[0],
  };
}

describe.skipIf(!hasOracle)('models of the oracle', () => {
  test.each([
    ['tiny-minicpm-2b', { architecture: 'minicpm', numKvHeads: 4, headDim: 64, tieWordEmbeddings: true }],
    ['tiny-minicpm-1b', { architecture: 'minicpm', numKvHeads: 2, logitScale: 0.5, embeddingScale: 12 }],
    ['tiny-minicpm5', { architecture: 'llama', numKvHeads: 1, headDim: 64, tieWordEmbeddings: false }],
    ['tiny-minicpm4', { architecture: 'minicpm', eosTokenIds: [2, 3], maxPositions: 256 }],
    ['tiny-minicpm4-extended', { residualScale: 1.4 / Math.SQRT2, maxPositions: 512 }],
    [
      'tiny-minicpm3',
      {
        architecture: 'minicpm3',
        numHeads: 4,
        numKvHeads: 1,
        headDim: 96,
        tieWordEmbeddings: true,
        logitScale: 256 / 384,
        latent: { queryRank: 128, rank: 64, contentDim: 32, ropeDim: 32, valueDim: 96 },
      },
    ],
  ])('%s is imported from safetensors, tokenizer and all', async (model, expected) => {
    const folder = `${model}/safetensors-bf16`;
    const config = JSON.parse(readFileSync(`${ORACLE}/${folder}/config.json`, 'utf8'));
    const tokenizer = readFolder(`tiny-tokenizers/v${config.vocab_size}`).filter(
      (file) => file.name !== 'goldens.json',
    );
    const imported = await importFiles([...readFolder(folder), ...tokenizer], 'f32');
    expect(imported.manifest.config).toMatchObject(expected);
    expect(imported.info).toMatchObject({ hasTokenizer: true, sampling: { temperature: 0.8, topP: 0.8 } });
    expect(await imported.store.verify(imported.info.id)).toEqual({ ok: true, badChunks: [] });
  });

  test('LongRoPE takes the long factors and their gain where the context was extended', async () => {
    const extended = await importFiles(readFolder('tiny-minicpm4-extended/safetensors-bf16'), 'f32');
    const { rope } = extended.manifest.config;
    expect(rope.factors![31]).toBe(49.85338592529297);
    expect(rope.gain).toBeCloseTo(Math.sqrt(1 + Math.log(8) / Math.log(64)), 12);
    const original = await importFiles(readFolder('tiny-minicpm4/safetensors-bf16'), 'f32');
    expect(original.manifest.config.rope).toMatchObject({ gain: 1, theta: 10_000 });
  });

  // Relative to a tensor's largest weight: half a step of the format; bfloat16's smallest weights are below f16's step.
  test.each([
    ['tiny-minicpm-2b', 'F16', 2e-7],
    ['tiny-minicpm-2b', 'Q8_0', 0.005],
    ['tiny-minicpm-2b', 'Q5_K_M', 0.04],
    ['tiny-minicpm-2b', 'Q4_K_M', 0.08],
    ['tiny-minicpm-2b', 'Q4_1', 0.08],
    ['tiny-minicpm-2b', 'Q4_0', 0.13],
    ['tiny-minicpm-1b', 'Q4_K_M', 0.08],
    ['tiny-minicpm5', 'Q4_0', 0.13],
    ['tiny-minicpm5', 'Q4_K_M', 0.08],
    ['tiny-minicpm4', 'Q4_K_M', 0.08],
    ['tiny-minicpm3', 'Q4_0', 0.13],
  ])('%s %s as GGUF is the model of the safetensors', async (model, type, tolerance) => {
    const reference = await referenceOf(model);
    const gguf = await importFiles([readFile(`${model}/gguf/${model}.${type}.gguf`)], 'f32');
    expect(withoutRounding(gguf.manifest.config)).toEqual(withoutRounding(reference.manifest.config));
    expect(gguf.info).toMatchObject({ hasTokenizer: true, name: `${model}.${type}` });
    const worst = await worstDifference(gguf, reference);
    expect(worst.difference, worst.tensor).toBeLessThanOrEqual(tolerance);
    // Kept codes differ from the dequantised weights by the rounding of a scale at most; an int4 of ours by half a step.
    const kept = await worstDifference(
      await importFiles([readFile(`${model}/gguf/${model}.${type}.gguf`)], 'auto'),
      gguf,
    );
    expect(kept.difference, kept.tensor).toBeLessThanOrEqual(type === 'F16' ? 0.1 : 0.001);
  });

  test('pytorch_model.bin is the model of the safetensors, and holds its tied matrix once', async () => {
    const pickled = await importFiles(readFolder('tiny-minicpm-2b/pytorch-bin'), 'f32');
    const reference = await referenceOf('tiny-minicpm-2b');
    expect(pickled.manifest.config).toEqual(reference.manifest.config);
    expect(await worstDifference(pickled, reference)).toEqual({ tensor: '', difference: 0 });
  });

  // Relative to a tensor's largest weight: what rounding offsets or weights to halves costs; nothing where zeros are 8.
  test.each([
    ['tiny-minicpm-2b', 'gptq-int4-g32', 'int4-affine', 2 ** -11],
    ['tiny-minicpm-2b', 'gptq-int4-g128-actorder', 'f16', 2 ** -11],
    ['tiny-minicpm-1b', 'gptq-int4-g128', 'int4-affine', 2 ** -11],
    ['tiny-minicpm4', 'gptq-int4-g128', 'int4-affine', 0],
    ['tiny-minicpm5', 'gptq-int4-g128', 'int4-affine', 0],
    ['tiny-minicpm3', 'gptq-int4-g64', 'int4-affine', 0],
  ])('%s %s keeps its codes', async (model, folder, format, tolerance) => {
    const exact = await importFiles(readFolder(`${model}/${folder}`), 'f32');
    const kept = await importFiles(readFolder(`${model}/${folder}`), 'auto');
    expect(kept.manifest.tensors.find(({ name }) => name === 'layers.1.downProj')!.format).toBe(format);
    const worst = await worstDifference(kept, exact);
    expect(worst.difference, worst.tensor).toBeLessThanOrEqual(tolerance);
    const { tieWordEmbeddings } = kept.manifest.config;
    expect(kept.manifest.tensors.some(({ name }) => name === 'lmHead')).toBe(!tieWordEmbeddings);
  });

  test.each([
    [
      'tiny-minicpmv-1',
      {
        version: '1.0',
        image: { scaleResolution: 168, maxSlices: 1 },
        tower: { numLayers: 2, numHeads: 2, intermediateSize: 360 },
      },
    ],
    [
      'tiny-minicpmv-2',
      {
        version: '2.0',
        image: { scaleResolution: 112, maxSlices: 9 },
        tower: { numLayers: 2, positionSide: 6, intermediateSize: 536 },
      },
    ],
    [
      'tiny-minicpmv-4.0',
      {
        version: '4.0',
        image: { scaleResolution: 112, maxSlices: 9 },
        tower: { numLayers: 2, positionSide: 70, intermediateSize: 272 },
      },
    ],
    [
      'tiny-minicpmv-4.6',
      {
        version: '4.6',
        insertLayer: 1,
        image: { scaleResolution: 168, maxSlices: 9, sideMultiple: 56 },
        tower: { numLayers: 4, positionSide: 10, intermediateSize: 160 },
      },
    ],
  ])('%s is imported with its vision part', async (model, vision) => {
    const { manifest, info } = await referenceOf(model);
    expect(manifest.config.vision).toMatchObject(vision);
    expect(info).toMatchObject({ vision: true, family: 'MiniCPM-V' });
    expect(manifest.tensors.find(({ name }) => name === 'vision.layers.1.kProj')!.shape).toEqual([
      manifest.config.vision!.tower.hiddenSize,
      manifest.config.vision!.tower.hiddenSize,
    ]);
  });

  // The positions in the mmproj file of 2.0 are resampled already; half-precision matrices, and int4 of the language part.
  test.each(['tiny-minicpmv-2', 'tiny-minicpmv-4.0'])('%s as a pair of GGUF files is the same model', async (model) => {
    const reference = await referenceOf(model);
    const pair = await importFiles(readFolder(`${model}/gguf`), 'f32');
    const { tower, ...vision } = reference.manifest.config.vision!;
    const positionSide = model === 'tiny-minicpmv-2' ? 8 : 70;
    expect(pair.manifest.config.vision).toEqual({ ...vision, tower: { ...tower, positionSide } });
    expect(pair.info).toMatchObject({ vision: true, hasTokenizer: true, name: `${model}.Q4_K_M` });
    for (const imported of [pair, reference]) {
      imported.manifest.tensors = imported.manifest.tensors.filter(
        ({ name }) => /^(vision|resampler)/.test(name) && name !== 'vision.positions',
      );
    }
    const worst = await worstDifference(pair, reference);
    expect(worst.difference, worst.tensor).toBeLessThanOrEqual(5e-4);
  });
});
