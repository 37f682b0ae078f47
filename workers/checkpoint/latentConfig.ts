import { engineError } from '../errors';
import { impliedHeadDim, LIMITS, WIDEST_ATTENTION, WIDEST_HEAD } from './configLimits';
import type { Fields } from './fields';
import { MAX_SHARD_BYTES } from './manifest';
import type { LatentConfig, ModelConfig } from './modelConfig';

/** Channels that kernels read at once. */
const QUAD = 4;

/**
 * The LatentConfig of a MiniCPM3 from its config.json. `head_dim` says nothing: the authors' class keeps the channels of
 * a query head there, that of transformers those which rotate. Throws UnsupportedError for what the engine cannot
 * compute, and InvalidFileError naming a bad key.
 */
export function latentFromJson(fields: Fields, hiddenSize: number, numHeads: number): LatentConfig {
  requireOwnKeys(fields, 'num_key_value_heads', numHeads);
  const latent = {
    queryRank: fields.size('q_lora_rank', LIMITS.hiddenSize),
    rank: fields.size('kv_lora_rank', LIMITS.hiddenSize),
    contentDim: fields.size('qk_nope_head_dim', LIMITS.headDim),
    ropeDim: fields.size('qk_rope_head_dim', LIMITS.headDim),
    valueDim: readValueDim(fields, 'v_head_dim', hiddenSize, numHeads),
  };
  return checkLatent(latent, numHeads, fields);
}

/** The LatentConfig of a GGUF file whose keys are named by `of`. Throws as latentFromJson. */
export function latentFromGguf(
  fields: Fields,
  of: (key: string) => string,
  hiddenSize: number,
  numHeads: number,
): LatentConfig {
  requireOwnKeys(fields, of('attention.head_count_kv'), numHeads);
  const queryDim = fields.size(of('attention.key_length'), LIMITS.headDim);
  const ropeDim = fields.size(of('rope.dimension_count'), LIMITS.headDim);
  if (ropeDim >= queryDim) {
    const reason = `${ropeDim} of ${queryDim} channels rotate (${of('rope.dimension_count')}), which leaves none`;
    throw engineError('InvalidFileError', `${fields.place}: ${reason}.`);
  }
  const latent = {
    queryRank: fields.size(of('attention.q_lora_rank'), LIMITS.hiddenSize),
    rank: fields.size(of('attention.kv_lora_rank'), LIMITS.hiddenSize),
    contentDim: queryDim - ropeDim,
    ropeDim,
    valueDim: readValueDim(fields, of('attention.value_length'), hiddenSize, numHeads),
  };
  return checkLatent(latent, numHeads, fields);
}

/** The one head that is cached: a rotated key and the normed latent vector behind it. */
export function cachedHead({ ropeDim, rank }: LatentConfig): Pick<ModelConfig, 'numKvHeads' | 'headDim'> {
  return { numKvHeads: 1, headDim: ropeDim + rank };
}

/** All heads have keys and values of their own, though they are made from one vector. */
function requireOwnKeys(fields: Fields, key: string, numHeads: number): void {
  const keyHeads = fields.size(key, numHeads, numHeads);
  if (keyHeads === numHeads) return;
  const reason = `latent attention of ${numHeads} query heads with ${keyHeads} key heads (${key}) is not supported`;
  throw engineError('UnsupportedError', `${fields.place}: ${reason}.`);
}

function readValueDim(fields: Fields, key: string, hiddenSize: number, numHeads: number): number {
  if (fields.value(key) === undefined) return impliedHeadDim(hiddenSize, numHeads, fields);
  return fields.size(key, LIMITS.headDim);
}

function checkLatent(latent: LatentConfig, numHeads: number, { place }: Fields): LatentConfig {
  const { rank, contentDim, ropeDim, valueDim } = latent;
  const refuse = (reason: string) => engineError('UnsupportedError', `${place}: ${reason}.`);
  if ([contentDim, ropeDim, rank].some((size) => size % QUAD !== 0)) {
    const sizes = `queries of ${contentDim} + ${ropeDim} channels and a latent vector of ${rank}`;
    throw refuse(`${sizes} are not supported, only multiples of ${QUAD}`);
  }
  if (ropeDim + rank > WIDEST_HEAD) {
    throw refuse(`latent keys of ${ropeDim} + ${rank} channels are not supported, at most ${WIDEST_HEAD}`);
  }
  const widest = Math.max(ropeDim + rank, contentDim + ropeDim, valueDim);
  if (numHeads * widest > WIDEST_ATTENTION) {
    throw refuse(`${numHeads} heads of ${widest} channels are not supported, at most ${WIDEST_ATTENTION} together`);
  }
  const kvBBytes = 4 * numHeads * (contentDim + valueDim) * rank;
  if (kvBBytes > MAX_SHARD_BYTES) {
    throw refuse(
      `a matrix of keys and values of ${kvBBytes} bytes in floats is not supported, at most ${MAX_SHARD_BYTES}`,
    );
  }
  return latent;
}
