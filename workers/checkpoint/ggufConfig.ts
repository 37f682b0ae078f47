import { engineError } from '../errors';
import { checkConsistency, impliedHeadDim, LIMITS } from './configLimits';
import { Fields } from './fields';
import type { GgufMetadata } from './ggufMetadata';
import { cachedHead, latentFromGguf } from './latentConfig';
import { longRope } from './longRope';
import type { ModelConfig, RopeConfig } from './modelConfig';
import { isMiniCpm, rotaryDim } from './modelConfig';

/** LongRoPE's factors, which a GGUF file keeps among the tensors; null where it has none. */
export interface RopeFactors {
  long: number[] | null;
  short: number[] | null;
}

/** Texts that end a turn in every template of the family, though the file may name only one end-of-sequence token. */
const TURN_ENDS = new Set(['<|im_end|>']);
/** Token types of a GGUF vocabulary that are never ordinary text. */
const CONTROL = 3;
const USER_DEFINED = 4;

/**
 * The ModelConfig of a GGUF file, from its metadata, the shape of each tensor by the file's names ([rows, columns]), and
 * the LongRoPE factors. Absent keys have the meaning that llama.cpp gives them; MiniCPM files from before the three
 * scales were written, and all of MiniCPM3, have those of all published models: 12, 1.4 / √layers and 256 / hidden size.
 * Throws UnsupportedError naming what this engine cannot compute, and InvalidFileError naming a bad key.
 */
export function configFromGguf(
  metadata: GgufMetadata,
  tensorShapes: ReadonlyMap<string, readonly number[]>,
  ropeFactors: RopeFactors,
  file: string,
): ModelConfig {
  const architecture = ggufArchitecture(metadata, file);
  const fields = new Fields(file, (key) => metadata.get(key));
  const of = (key: string) => `${architecture}.${key}`;
  if (fields.value(of('expert_count'))) throw unsupported(file, 'mixture-of-experts models are not supported');
  const hiddenSize = fields.size(of('embedding_length'), LIMITS.hiddenSize);
  const numLayers = fields.size(of('block_count'), LIMITS.numLayers);
  const numHeads = fields.size(of('attention.head_count'), LIMITS.numHeads);
  const latent = architecture === 'minicpm3' ? latentFromGguf(fields, of, hiddenSize, numHeads) : null;
  const heads = latent ? cachedHead(latent) : readHeads(fields, of, hiddenSize, numHeads);
  const maxPositions = fields.size(of('context_length'), LIMITS.maxPositions);
  const vocabSize = readVocabSize(tensorShapes, file);
  return checkConsistency(
    {
      architecture,
      hiddenSize,
      intermediateSize: fields.size(of('feed_forward_length'), LIMITS.intermediateSize),
      numLayers,
      numHeads,
      ...heads,
      vocabSize,
      maxPositions,
      rmsNormEps: fields.positive(of('attention.layer_norm_rms_epsilon')),
      tieWordEmbeddings: !tensorShapes.has('output.weight'),
      rope: readRope(fields, of, rotaryDim({ ...heads, latent }), maxPositions, ropeFactors),
      ...readScales(fields, of, architecture, hiddenSize, numLayers),
      bosTokenId: fields.tokenIds('tokenizer.ggml.bos_token_id')[0] ?? null,
      eosTokenIds: readEosTokenIds(fields, vocabSize),
      ...(latent && { latent }),
    },
    fields,
  );
}

/** The architecture a GGUF file names. Throws UnsupportedError for all but `minicpm`, `minicpm3` and `llama`. */
export function ggufArchitecture(metadata: GgufMetadata, file: string): ModelConfig['architecture'] {
  const name = new Fields(file, (key) => metadata.get(key)).string('general.architecture');
  if (name === 'minicpm' || name === 'minicpm3' || name === 'llama') return name;
  if (name === 'clip')
    throw unsupported(file, 'it is the vision part of a model (mmproj): choose the file of its language model as well');
  throw unsupported(file, `the architecture ${name} is not supported yet, only minicpm, minicpm3 and llama`);
}

type KeyOf = (key: string) => string;

function readHeads(
  fields: Fields,
  of: KeyOf,
  hiddenSize: number,
  numHeads: number,
): Pick<ModelConfig, 'numKvHeads' | 'headDim'> {
  const headDim =
    fields.value(of('attention.key_length')) === undefined
      ? impliedHeadDim(hiddenSize, numHeads, fields)
      : fields.size(of('attention.key_length'), LIMITS.headDim);
  const mustEqual = (key: string, what: string) => {
    if (fields.size(of(key), LIMITS.headDim, headDim) === headDim) return;
    throw unsupported(fields.place, `heads of ${headDim} with ${what} (${of(key)}) are not supported`);
  };
  mustEqual('attention.value_length', 'values of another size');
  mustEqual('rope.dimension_count', 'a partial rotation');
  return { numKvHeads: fields.size(of('attention.head_count_kv'), numHeads, numHeads), headDim };
}

function readVocabSize(tensorShapes: ReadonlyMap<string, readonly number[]>, file: string): number {
  const rows = tensorShapes.get('token_embd.weight')?.[0];
  if (rows === undefined) throw engineError('InvalidFileError', `${file}: the tensor "token_embd.weight" is missing.`);
  if (rows <= LIMITS.vocabSize) return rows;
  throw engineError('InvalidFileError', `${file}: a vocabulary of ${rows} tokens is too large.`);
}

function readRope(
  fields: Fields,
  of: KeyOf,
  headDim: number,
  maxPositions: number,
  { long, short }: RopeFactors,
): RopeConfig {
  const theta = fields.positive(of('rope.freq_base'), 10_000);
  const type = fields.string(of('rope.scaling.type'), 'none');
  if (type !== 'none' && type !== 'longrope') {
    throw unsupported(fields.place, `the rotary embedding type "${type}" is not supported`);
  }
  // Converters have written the factors without the type, and what the file holds was meant to be used.
  if (type === 'none' && long === null && short === null) return { theta, factors: null, gain: 1 };
  const gainKey = of('rope.scaling.attn_factor');
  return longRope(
    {
      theta,
      headDim,
      longFactors: long ?? short,
      shortFactors: short ?? long,
      maxPositions,
      originalMaxPositions: fields.size(of('rope.scaling.original_context_length'), LIMITS.maxPositions, maxPositions),
      gain: fields.value(gainKey) === undefined ? null : fields.positive(gainKey),
    },
    fields.place,
  );
}

function readScales(
  fields: Fields,
  of: KeyOf,
  architecture: ModelConfig['architecture'],
  hiddenSize: number,
  numLayers: number,
) {
  const isScaled = isMiniCpm(architecture);
  return {
    embeddingScale: fields.positive(of('embedding_scale'), isScaled ? 12 : 1),
    residualScale: fields.positive(of('residual_scale'), isScaled ? 1.4 / Math.sqrt(numLayers) : 1),
    logitScale: readLogitScale(fields, of('logit_scale'), isScaled ? 256 / hiddenSize : 1),
  };
}

/** Files store what the final hidden state is divided by, hidden / 256; some writers have stored the inverse. */
function readLogitScale(fields: Fields, key: string, fallback: number): number {
  if (fields.value(key) === undefined) return fallback;
  const stored = fields.positive(key);
  return stored >= 1 ? 1 / stored : stored;
}

function readEosTokenIds(fields: Fields, vocabSize: number): number[] {
  const ids = new Set(
    ['eos_token_id', 'eot_token_id', 'eos_token_ids'].flatMap((key) => fields.tokenIds(`tokenizer.ggml.${key}`)),
  );
  const tokens = fields.value('tokenizer.ggml.tokens');
  const types = fields.value('tokenizer.ggml.token_type');
  if (Array.isArray(tokens) && Array.isArray(types)) {
    for (const [id, token] of (tokens as unknown[]).slice(0, vocabSize).entries()) {
      const isSpecial = types[id] === CONTROL || types[id] === USER_DEFINED;
      if (isSpecial && TURN_ENDS.has(String(token))) ids.add(id);
    }
  }
  return [...ids];
}

function unsupported(file: string, reason: string): Error {
  return engineError('UnsupportedError', `${file}: ${reason}.`);
}
