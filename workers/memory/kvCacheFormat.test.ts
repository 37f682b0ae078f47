import { expect, test } from 'vitest';
import type { Quantization } from '../protocol/model';
import { kvCacheFormat } from './kvCacheFormat';

const DEFAULT_LIMIT = 128 * 1024 * 1024;

/** MiniCPM-2B keeps 36 key heads, MiniCPM4-0.5B 2; sizes are those of their int4 weights. */
const MINICPM_2B = { config: { numLayers: 40, numKvHeads: 36, headDim: 64 }, bytes: 1.58e9 };
const MINICPM4_HALF = { config: { numLayers: 24, numKvHeads: 2, headDim: 64 }, bytes: 0.32e9 };
/** One latent vector and the rotated key stand for all heads. */
const MINICPM3_4B = { config: { numLayers: 62, numKvHeads: 1, headDim: 288, latent: {} }, bytes: 2.73e9 };
const MINICPM4_8B = { config: { numLayers: 32, numKvHeads: 2, headDim: 128 }, bytes: 4.7e9 };

function choose(
  { config, bytes }: typeof MINICPM_2B,
  contextLength: number,
  quantization: Quantization = 'int4',
  mostBufferBytes = DEFAULT_LIMIT,
) {
  return kvCacheFormat({ config, info: { quantization, bytes } }, contextLength, mostBufferBytes);
}

test('a cache that outgrows a quarter of the weights is int8', () => {
  expect(choose(MINICPM_2B, 4096)).toBe('int8');
  // 369 kB a token: 1056 tokens are 389 MB, 1088 are 401 MB, a quarter of the weights is 395 MB.
  expect(choose(MINICPM_2B, 1056)).toBe('f16');
  expect(choose(MINICPM_2B, 1088)).toBe('int8');
});

test('a cache of up to 256 MB is f16 however small the weights are', () => {
  // 12.3 kB a token.
  expect(choose(MINICPM4_HALF, 4096)).toBe('f16');
  expect(choose(MINICPM4_HALF, 20_000)).toBe('f16');
  expect(choose(MINICPM4_HALF, 21_000)).toBe('int8');
});

test('a cache of 1 GB is f16 beside weights of 5 GB', () => {
  expect(choose(MINICPM4_8B, 32_768)).toBe('f16');
});

test('a cache of latent vectors is f16 however large it is', () => {
  expect(choose(MINICPM3_4B, 32_768)).toBe('f16');
  expect(choose(MINICPM3_4B, 32_768, 'int4', 32_768 * 288 * 2 - 1)).toBe('int8');
});

test('keys of a layer that would not fit into a buffer are int8', () => {
  expect(choose(MINICPM4_HALF, 4096, 'int4', 4096 * 2 * 64 * 2)).toBe('f16');
  expect(choose(MINICPM4_HALF, 4096, 'int4', 4096 * 2 * 64 * 2 - 1)).toBe('int8');
});

test('weights imported as f32 keep an f32 cache', () => {
  expect(choose(MINICPM_2B, 4096, 'f32')).toBe('f32');
});
