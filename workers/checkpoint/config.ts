import { engineError } from '../errors';
import { checkConsistency, impliedHeadDim, LIMITS } from './configLimits';
import { Fields } from './fields';
import { imageConfigFromJson } from './imageConfig';
import type { JsonObject } from './json';
import { isJsonObject } from './json';
import { longRope, longRopeGain } from './longRope';
import type { ModelConfig, RopeConfig } from './modelConfig';
import { visionFromJson } from './visionConfig';

/** Architectures by the class name in `architectures`, and by `model_type` for files that name no class. */
const ARCHITECTURES: Readonly<Record<string, ModelConfig['architecture']>> = {
  MiniCPMForCausalLM: 'minicpm',
  LlamaForCausalLM: 'llama',
  minicpm: 'minicpm',
  llama: 'llama',
};

/**
 * The ModelConfig of a Hugging Face checkpoint, from config.json, generation_config.json and
 * preprocessor_config.json (null where absent).
 *
 * Only what the model classes themselves default may be absent (configuration_minicpm.py, transformers' LlamaConfig):
 * num_key_value_heads = num_attention_heads, head_dim = hidden_size / num_attention_heads, rms_norm_eps 1e-6,
 * rope_theta 10000, max_position_embeddings 2048, tie_word_embeddings true for MiniCPM and false for Llama. MiniCPM's
 * three scales have class defaults that no published model uses, so they are required.
 *
 * Throws UnsupportedError naming what this engine cannot compute, and InvalidFileError naming a bad key.
 */
export function configFromJson(
  config: JsonObject,
  generationConfig: JsonObject | null,
  place = 'config.json',
  preprocessorConfig: JsonObject | null = null,
): ModelConfig {
  const fields = new Fields(place, (key) => (Object.hasOwn(config, key) ? config[key] : undefined));
  const { architecture, hasVision } = detectArchitecture(fields);
  const image = hasVision ? imageConfigFromJson(config, preprocessorConfig) : null;
  refuseUnsupported(fields);
  const hiddenSize = fields.size('hidden_size', LIMITS.hiddenSize);
  const numHeads = fields.size('num_attention_heads', LIMITS.numHeads);
  const headDim =
    fields.value('head_dim') === undefined
      ? impliedHeadDim(hiddenSize, numHeads, fields)
      : fields.size('head_dim', LIMITS.headDim);
  const numLayers = fields.size('num_hidden_layers', LIMITS.numLayers);
  const maxPositions = fields.size('max_position_embeddings', LIMITS.maxPositions, 2048);
  const generation = new Fields('generation_config.json', (key) => generationConfig?.[key]);
  const eosTokenIds = new Set([...fields.tokenIds('eos_token_id'), ...generation.tokenIds('eos_token_id')]);
  return checkConsistency(
    {
      architecture,
      hiddenSize,
      intermediateSize: fields.size('intermediate_size', LIMITS.intermediateSize),
      numLayers,
      numHeads,
      numKvHeads: fields.size('num_key_value_heads', numHeads, numHeads),
      headDim,
      vocabSize: fields.size('vocab_size', LIMITS.vocabSize),
      maxPositions,
      rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
      tieWordEmbeddings: fields.boolean('tie_word_embeddings', architecture === 'minicpm'),
      rope: ropeFromJson(fields, architecture, headDim, maxPositions),
      ...scales(fields, architecture, hiddenSize, numLayers),
      bosTokenId: fields.tokenIds('bos_token_id')[0] ?? null,
      eosTokenIds: [...eosTokenIds],
      ...(image && { vision: visionFromJson(fields, hiddenSize, image) }),
    },
    fields,
  );
}

/** A MiniCPM-V is a MiniCPM with eyes; the releases from 2.5 on, which describe their tower themselves, are Llamas. */
function detectArchitecture(fields: Fields): { architecture: ModelConfig['architecture']; hasVision: boolean } {
  const architectures = fields.value('architectures');
  const name = Array.isArray(architectures) ? architectures[0] : fields.value('model_type');
  if (typeof name !== 'string') {
    throw engineError('InvalidFileError', `${fields.place}: neither "architectures" nor "model_type" names a model.`);
  }
  if (Object.hasOwn(ARCHITECTURES, name)) return { architecture: ARCHITECTURES[name]!, hasVision: false };
  if (name === 'MiniCPMV' || name === 'minicpmv') {
    return { architecture: fields.value('vision_config') === undefined ? 'minicpm' : 'llama', hasVision: true };
  }
  throw unsupported(
    fields,
    `the architecture ${name} is not supported yet, only MiniCPMForCausalLM, LlamaForCausalLM and MiniCPMV`,
  );
}

function refuseUnsupported(fields: Fields): void {
  if (fields.value('num_experts'))
    throw unsupported(fields, 'mixture-of-experts models (num_experts) are not supported');
  const activation = fields.string('hidden_act', 'silu');
  if (activation !== 'silu') throw unsupported(fields, `the activation function "${activation}" is not supported`);
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (fields.boolean(key, false)) throw unsupported(fields, `linear layers with a bias (${key}) are not supported`);
  }
  if (fields.positive('partial_rotary_factor', 1) !== 1) {
    throw unsupported(fields, 'partly rotated heads (partial_rotary_factor) are not supported');
  }
}

function scales(fields: Fields, architecture: ModelConfig['architecture'], hiddenSize: number, numLayers: number) {
  if (architecture === 'llama') return { embeddingScale: 1, residualScale: 1, logitScale: 1 };
  return {
    embeddingScale: fields.positive('scale_emb'),
    residualScale: fields.positive('scale_depth') / Math.sqrt(numLayers),
    logitScale: fields.positive('dim_model_base') / hiddenSize,
  };
}

/** Newer files keep theta and scaling together in `rope_parameters`, some write `type` for `rope_type`. */
function ropeFromJson(
  fields: Fields,
  architecture: ModelConfig['architecture'],
  headDim: number,
  maxPositions: number,
): RopeConfig {
  const scaling = fields.value('rope_scaling') ?? fields.value('rope_parameters') ?? {};
  if (!isJsonObject(scaling)) {
    throw engineError('InvalidFileError', `${fields.place}: "rope_scaling" is not an object.`);
  }
  const nested = new Fields(`${fields.place}, rope_scaling`, (key) => scaling[key]);
  const theta = fields.positive('rope_theta', nested.positive('rope_theta', 10_000));
  const type = nested.string('rope_type', nested.string('type', 'default'));
  // Dynamic NTK leaves the angles alone up to max_position_embeddings, which no context here exceeds.
  if (type === 'default' || type === 'dynamic') return { theta, factors: null, gain: 1 };
  if (type !== 'longrope') throw unsupported(fields, `the rotary embedding type "${type}" is not supported`);
  const originalMaxPositions = readOriginalMaxPositions(fields, nested, maxPositions);
  return longRope(
    {
      theta,
      headDim,
      longFactors: nested.value('long_factor'),
      shortFactors: nested.value('short_factor'),
      maxPositions,
      originalMaxPositions,
      gain: architecture === 'llama' ? statedGain(nested, originalMaxPositions) : null,
    },
    nested.place,
  );
}

/** transformers lets a Llama state the gain or the extension; MiniCPM's own code knows neither key. */
function statedGain(nested: Fields, originalMaxPositions: number): number | null {
  if (nested.value('attention_factor') !== undefined) return nested.positive('attention_factor');
  if (nested.value('factor') === undefined) return null;
  return longRopeGain(nested.positive('factor'), originalMaxPositions, nested.place);
}

function readOriginalMaxPositions(fields: Fields, nested: Fields, maxPositions: number): number {
  const key = 'original_max_position_embeddings';
  return nested.size(key, LIMITS.maxPositions, fields.size(key, LIMITS.maxPositions, maxPositions));
}

function unsupported({ place }: Fields, reason: string): Error {
  return engineError('UnsupportedError', `${place}: ${reason}.`);
}
