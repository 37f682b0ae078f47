import { engineError } from '../errors';
import type { Fields } from './fields';
import type { ModelConfig } from './modelConfig';

/** Far above every model that fits a browser, far below what could exhaust memory before the first tensor is read. */
export const LIMITS = {
  hiddenSize: 65_536,
  intermediateSize: 131_072,
  numLayers: 1024,
  numHeads: 1024,
  headDim: 1024,
  vocabSize: 1 << 22,
  maxPositions: 1 << 24,
  patchSize: 64,
  tileSize: 4096,
  positionSide: 256,
  visionQueries: 4096,
  taps: 16,
} as const;

/** What the attention kernels take (kernels/attention), as it is cached: refused here, before weights are downloaded. */
export const WIDEST_HEAD = 512;

/** All heads together; a row tile of the output projection must fit a stored chunk, also in f32. */
export const WIDEST_ATTENTION = 131_072;

/**
 * Throws InvalidFileError where sizes contradict each other or a special token lies outside the vocabulary, and
 * UnsupportedError for heads that are too wide; those of latent attention are judged where they are read.
 */
export function checkConsistency(config: ModelConfig, { place }: Fields): ModelConfig {
  const { numHeads, numKvHeads, headDim, vocabSize, latent, bosTokenId, eosTokenIds } = config;
  if (numHeads % numKvHeads !== 0) {
    throw invalid(place, `${numHeads} query heads cannot share ${numKvHeads} key-value heads evenly`);
  }
  if (headDim % 2 !== 0) throw invalid(place, `the head size ${headDim} is odd, so rotary embedding cannot pair it`);
  if (!latent && (headDim > WIDEST_HEAD || numHeads * headDim > WIDEST_ATTENTION)) {
    const limits = `at most ${WIDEST_HEAD} each and ${WIDEST_ATTENTION} together`;
    throw engineError(
      'UnsupportedError',
      `${place}: ${numHeads} heads of size ${headDim} are not supported, ${limits}.`,
    );
  }
  for (const id of [...eosTokenIds, ...(bosTokenId === null ? [] : [bosTokenId])]) {
    if (id >= vocabSize) throw invalid(place, `the special token ${id} is outside the vocabulary of ${vocabSize}`);
  }
  return config;
}

/** `hiddenSize / numHeads`, the head size of a model that states none. Throws InvalidFileError for a remainder. */
export function impliedHeadDim(hiddenSize: number, numHeads: number, { place }: Fields): number {
  if (hiddenSize % numHeads === 0) return hiddenSize / numHeads;
  throw invalid(place, `a hidden size of ${hiddenSize} cannot be divided into ${numHeads} heads`);
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}
