import { engineError } from '../errors';
import { checkConsistency, impliedHeadDim, LIMITS } from './configLimits';
import { Fields } from './fields';
import { hybridFromJson } from './hybridConfig';
import { imageConfigFromJson } from './imageConfig';
import type { JsonObject } from './json';
import { isJsonObject } from './json';
import { cachedHead, latentFromJson } from './latentConfig';
import { longRope, longRopeGain } from './longRope';
import type { ModelConfig, RopeConfig } from './modelConfig';
import { isMiniCpm, rotaryDim } from './modelConfig';
import { visionFromJson } from './visionConfig';

/** Architectures by the class name in `architectures`, and by `model_type` for files that name no class. */
const ARCHITECTURES: Readonly<Record<string, ModelConfig['architecture']>> = {
  MiniCPMForCausalLM: 'minicpm',
  MiniCPM3ForCausalLM: 'minicpm3',
  LlamaForCausalLM: 'llama',
  Qwen3_5ForCausalLM: 'qwen3.5',
  minicpm: 'minicpm',
  minicpm3: 'minicpm3',
  llama: 'llama',
  qwen3_5_text: 'qwen3.5',
};

const SUPPORTED =
  'MiniCPMForCausalLM, MiniCPM3ForCausalLM, LlamaForCausalLM, Qwen3_5ForCausalLM, MiniCPMV and MiniCPMV4_6ForConditionalGeneration';

/**
 * The ModelConfig of a Hugging Face checkpoint, from config.json, generation_config.json and
 * preprocessor_config.json (null where absent).
 *
 * Only what the model classes themselves default may be absent (configuration_minicpm.py, transformers' LlamaConfig):
 * num_key_value_heads = num_attention_heads, head_dim = hidden_size / num_attention_heads, rms_norm_eps 1e-6,
 * rope_theta 10000, max_position_embeddings 2048, tie_word_embeddings true for MiniCPM and false for others. MiniCPM's
 * three scales have class defaults that no published model uses, so they are required. MiniCPM-V 4.6 keeps what its
 * language model is in `text_config`, and the special tokens and the tie also beside it.
 *
 * Throws UnsupportedError naming what this engine cannot compute, and InvalidFileError naming a bad key.
 */
export function configFromJson(
  config: JsonObject,
  generationConfig: JsonObject | null,
  place = 'config.json',
  preprocessorConfig: JsonObject | null = null,
): ModelConfig {
  const whole = new Fields(place, (key) => (Object.hasOwn(config, key) ? config[key] : undefined));
  const { architecture, hasVision, hasTextConfig } = detectArchitecture(whole);
  const fields = hasTextConfig ? whole.nested('text_config') : whole;
  const image = hasVision ? imageConfigFromJson(config, preprocessorConfig) : null;
  refuseUnsupported(fields, architecture);
  const hiddenSize = fields.size('hidden_size', LIMITS.hiddenSize);
  const numHeads = fields.size('num_attention_heads', LIMITS.numHeads);
  const latent = architecture === 'minicpm3' ? latentFromJson(fields, hiddenSize, numHeads) : null;
  const heads = latent ? cachedHead(latent) : readHeads(fields, hiddenSize, numHeads);
  const numLayers = fields.size('num_hidden_layers', LIMITS.numLayers);
  const maxPositions = fields.size('max_position_embeddings', LIMITS.maxPositions, 2048);
  const generation = new Fields('generation_config.json', (key) => generationConfig?.[key]);
  const eosTokenIds = new Set([whole, fields, generation].flatMap((place) => place.tokenIds('eos_token_id')));
  const rotaryFactor = architecture === 'qwen3.5' ? readRotaryFactor(fields) : 1;
  const hybrid = architecture === 'qwen3.5' ? hybridFromJson(fields, numLayers, heads.headDim, rotaryFactor) : null;
  return checkConsistency(
    {
      architecture,
      hiddenSize,
      intermediateSize: fields.size('intermediate_size', LIMITS.intermediateSize),
      numLayers,
      numHeads,
      ...heads,
      vocabSize: fields.size('vocab_size', LIMITS.vocabSize),
      maxPositions,
      rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
      tieWordEmbeddings: whole.boolean(
        'tie_word_embeddings',
        fields.boolean('tie_word_embeddings', isMiniCpm(architecture)),
      ),
      rope: ropeFromJson(fields, architecture, rotaryDim({ ...heads, hybrid, latent }), maxPositions),
      ...scales(fields, architecture, hiddenSize, numLayers),
      bosTokenId: [whole, fields].flatMap((place) => place.tokenIds('bos_token_id'))[0] ?? null,
      eosTokenIds: [...eosTokenIds],
      ...(hybrid && { hybrid }),
      ...(latent && { latent }),
      ...(image && { vision: visionFromJson(whole, hiddenSize, image) }),
    },
    fields,
  );
}

function readHeads(fields: Fields, hiddenSize: number, numHeads: number): Pick<ModelConfig, 'numKvHeads' | 'headDim'> {
  const headDim =
    fields.value('head_dim') === undefined
      ? impliedHeadDim(hiddenSize, numHeads, fields)
      : fields.size('head_dim', LIMITS.headDim);
  return { numKvHeads: fields.size('num_key_value_heads', numHeads, numHeads), headDim };
}

/** What a config.json describes, and where. */
interface Detected {
  architecture: ModelConfig['architecture'];
  hasVision: boolean;
  hasTextConfig: boolean;
}

/**
 * A MiniCPM-V is a MiniCPM with eyes; the releases from 2.5 on, which describe their tower themselves, are Llamas, and 4.6
 * is a Qwen3.5.
 */
function detectArchitecture(fields: Fields): Detected {
  const architectures = fields.value('architectures');
  const name = Array.isArray(architectures) ? architectures[0] : fields.value('model_type');
  if (typeof name !== 'string') {
    throw engineError('InvalidFileError', `${fields.place}: neither "architectures" nor "model_type" names a model.`);
  }
  if (Object.hasOwn(ARCHITECTURES, name)) {
    return { architecture: ARCHITECTURES[name]!, hasVision: false, hasTextConfig: false };
  }
  if (name === 'MiniCPMV' || name === 'minicpmv') {
    const architecture = fields.value('vision_config') === undefined ? 'minicpm' : 'llama';
    return { architecture, hasVision: true, hasTextConfig: false };
  }
  if (/^minicpmv4_6(ForConditionalGeneration)?$/i.test(name)) {
    const language = fields.nested('text_config').string('model_type', 'qwen3_5_text');
    if (language !== 'qwen3_5_text') {
      throw unsupported(fields, `the language model ${language} of a MiniCPM-V 4.6 is not supported`);
    }
    return { architecture: 'qwen3.5', hasVision: true, hasTextConfig: true };
  }
  throw unsupported(fields, `the architecture ${name} is not supported yet, only ${SUPPORTED}`);
}

function refuseUnsupported(fields: Fields, architecture: ModelConfig['architecture']): void {
  if (fields.value('num_experts'))
    throw unsupported(fields, 'mixture-of-experts models (num_experts) are not supported');
  const activation = fields.string('hidden_act', 'silu');
  if (activation !== 'silu') throw unsupported(fields, `the activation function "${activation}" is not supported`);
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (fields.boolean(key, false)) throw unsupported(fields, `linear layers with a bias (${key}) are not supported`);
  }
  if (architecture !== 'qwen3.5' && fields.positive('partial_rotary_factor', 1) !== 1) {
    throw unsupported(fields, 'partly rotated heads (partial_rotary_factor) are not supported');
  }
}

function scales(fields: Fields, architecture: ModelConfig['architecture'], hiddenSize: number, numLayers: number) {
  if (!isMiniCpm(architecture)) return { embeddingScale: 1, residualScale: 1, logitScale: 1 };
  return {
    embeddingScale: fields.positive('scale_emb'),
    residualScale: fields.positive('scale_depth') / Math.sqrt(numLayers),
    logitScale: fields.positive('dim_model_base') / hiddenSize,
  };
}

/** Newer files keep it among the parameters of RoPE. */
function readRotaryFactor(fields: Fields): number {
  const stated = fields.positive('partial_rotary_factor', 0.25);
  if (fields.value('rope_parameters') === undefined) return stated;
  return fields.nested('rope_parameters').positive('partial_rotary_factor', stated);
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
