import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { unfoldPatches } from '../model/patches';
import { CpuBackend } from '../ops/cpuBackend';
import type { Quantization } from '../protocol';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { goldenFile, hasOracle, oracleFiles } from '../testing/oracle';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** What the eyes of the reference models see, on the CPU backend. */

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

describe.skipIf(!hasOracle)('vision of the reference', () => {
  test.each(MODELS)('%s from %s', { timeout: 120_000 }, async (model, folder, variant) => {
    const session = await load(model, folder, 'f32');
    const encoder = session.encoder!;
    const backend = new CpuBackend();
    const target = backend.createBuffer('features', encoder.bytesPerTile);
    const { prompts, tensor } = goldenFile(model, variant);
    let tiles = 0;
    for (const { index } of prompts) {
      for (let tile = 0; ; tile++) {
        const name = `p${index}.tile${tile}`;
        const pixels = tensor(`${name}.pixels`);
        if (!pixels) break;
        const [, height, width] = pixels.shape as [number, number, number];
        const patches = unfoldPatches(pixels.values, { height, width }, 14, encoder.patchWidth);
        await encoder.encode(patches, target, 0, () => undefined);
        const vision = tensor(`${name}.vision`)!;
        const [rows, columns] = vision.shape as [number, number];
        const padded = new Float32Array(await backend.read(encoder.features, rows * Math.ceil(columns / 32) * 128));
        const features = compare(unpadded(padded, rows, columns, padded.length / rows), vision.values);
        expect(features.error, `${name}, tower`).toBeLessThan(2e-3);
        expect(features.cosine, `${name}, tower`).toBeGreaterThan(0.9999);
        const rowsGot = new Float32Array(await backend.read(target, encoder.bytesPerTile));
        const resampled = compare(rowsGot, tensor(`${name}.resampler`)!.values);
        console.log(model, variant, name, features, resampled);
        expect(resampled.error, `${name}, resampler`).toBeLessThan(2e-3);
        expect(resampled.cosine, `${name}, resampler`).toBeGreaterThan(0.9999);
        tiles++;
      }
    }
    expect(tiles).toBeGreaterThan(0);
    await session.dispose();
  });
});
