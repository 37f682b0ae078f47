import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { unfoldPatches } from '../model/patches';
import type { Quantization } from '../protocol/model';
import { WeightStore } from '../storage/weightStore';
import { nmse } from '../testing/allclose';
import { importModel, newDatabase } from '../testing/importing';
import { goldenFile, hasOracle, oracleFiles, type GoldenFile, type GoldenPrompt } from '../testing/oracle';
import { tileEncoderOf } from '../testing/tileEncoderOf';
import type { PromptTile } from './featureStore';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** What the reference models see, on the CPU backend; what they say about it: visionChat.test.ts. */

const MODELS = [
  ['tiny-minicpmv-2', 'safetensors-bf16', 'bf16'],
  ['tiny-minicpmv-2', 'gguf', 'gguf-Q4_K_M'],
  ['tiny-minicpmv-1', 'safetensors-bf16', 'bf16'],
  ['tiny-minicpmv-4.0', 'safetensors-bf16', 'bf16'],
  ['tiny-minicpmv-4.0', 'gguf', 'gguf-Q4_K_M'],
] as const;

async function load(model: string, folder: string, quantization: Quantization): Promise<Session> {
  const database = newDatabase();
  const { id } = await importModel(oracleFiles(`${model}/${folder}`), { database, quantization });
  const { signal } = new AbortController();
  const request = quantization === 'f32' ? { kvCache: 'f32' as const } : {};
  return loadModel(new WeightStore(database), { backend: 'cpu' }, id, request, () => undefined, signal);
}

/** Rows without the padding behind each. */
function unpadded(padded: Float32Array, rows: number, columns: number, width: number): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) result.set(padded.subarray(row * width, row * width + columns), row * columns);
  return result;
}

/** Largest difference over the largest golden value, and the cosine between the two. */
function compare(got: Float32Array, want: Float32Array) {
  let [difference, largest, product, gotPower, wantPower] = [0, 0, 0, 0, 0];
  want.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - got[i]!));
    largest = Math.max(largest, Math.abs(value));
    product += value * got[i]!;
    gotPower += got[i]! ** 2;
    wantPower += value ** 2;
  });
  return { error: difference / largest, cosine: product / Math.sqrt(gotPower * wantPower) };
}

/** A tile with its golden name. */
interface GoldenTile extends PromptTile {
  name: string;
}

/** The tiles of a golden prompt, of the golden pixels; null where the file leaves some out. */
function goldenTiles(
  { index, image_bounds: bounds = [] }: GoldenPrompt,
  { tensor }: GoldenFile,
  { patchWidth }: { patchWidth: number },
): GoldenTile[] | null {
  const tiles = bounds.map(([start], tile): GoldenTile | null => {
    const name = `p${index}.tile${tile}`;
    const pixels = tensor(`${name}.pixels`);
    if (!pixels) return null;
    const [, height, width] = pixels.shape as [number, number, number];
    return { name, key: name, start, patches: () => unfoldPatches(pixels.values, { height, width }, 14, patchWidth) };
  });
  return tiles.every((tile) => tile !== null) ? tiles : null;
}

describe.skipIf(!hasOracle)('the reference models', () => {
  test.each(MODELS)(
    "%s from %s sees what the authors' code sees",
    { timeout: 120_000 },
    async (model, folder, variant) => {
      const session = await load(model, folder, 'f32');
      const { encoder, backend, sizes } = await tileEncoderOf(session);
      const target = backend.createBuffer('features', sizes.bytesPerTile);
      const golden = goldenFile(model, variant);
      for (const tile of golden.prompts.flatMap((prompt) => goldenTiles(prompt, golden, sizes) ?? [])) {
        await encoder.encode(await tile.patches(), target, 0, () => undefined);
        const vision = golden.tensor(`${tile.name}.vision`)!;
        const [rows, columns] = vision.shape as [number, number];
        const padded = new Float32Array(await backend.read(encoder.features, rows * Math.ceil(columns / 32) * 128));
        const features = compare(unpadded(padded, rows, columns, padded.length / rows), vision.values);
        expect(features.error, `${tile.name}, tower`).toBeLessThan(1e-4);
        expect(features.cosine, `${tile.name}, tower`).toBeGreaterThan(0.99999);
        const got = new Float32Array(await backend.read(target, sizes.bytesPerTile));
        const resampled = compare(got, golden.tensor(`${tile.name}.resampler`)!.values);
        expect(resampled.error, `${tile.name}, resampler`).toBeLessThan(1e-4);
        expect(resampled.cosine, `${tile.name}, resampler`).toBeGreaterThan(0.99999);
      }
      await session.dispose();
    },
  );

  // Random weights have no favourites: every error shows. In 4 bits these are 13 dB, which is why 8 are taken.
  test.each(['tiny-minicpmv-2', 'tiny-minicpmv-4.0'])(
    '%s in 8 bits sees the same',
    { timeout: 60_000 },
    async (model) => {
      const session = await load(model, 'safetensors-bf16', 'auto');
      const { encoder, backend, sizes } = await tileEncoderOf(session);
      const target = backend.createBuffer('features', sizes.bytesPerTile);
      const golden = goldenFile(model, 'bf16');
      const [tile] = goldenTiles(golden.prompts[0]!, golden, sizes)!;
      await encoder.encode(await tile!.patches(), target, 0, () => undefined);
      const got = new Float32Array(await backend.read(target, sizes.bytesPerTile));
      const want = golden.tensor(`${tile!.name}.resampler`)!.values;
      expect(-10 * Math.log10(nmse(got, want))).toBeGreaterThan(34);
      await session.dispose();
    },
  );
});
