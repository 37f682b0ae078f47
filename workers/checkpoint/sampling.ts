import type { SamplingDefaults } from '../protocol/model';
import { Fields } from './fields';
import type { GgufMetadata } from './gguf';
import type { JsonObject } from './json';
import type { ModelConfig } from './modelConfig';
import type { VisionConfig } from './visionConfig';

/** Models that have recommendations of their own: language models by architecture, those with eyes by version. */
type Recommended = ModelConfig['architecture'] | VisionConfig['version'];

const SEEING: SamplingDefaults = {
  maxTokens: null,
  temperature: 0.7,
  topP: 0.8,
  topK: 100,
  minP: 0,
  repetitionPenalty: 1.05,
};

/**
 * What the authors recommend: generation_config.json of MiniCPM, of MiniCPM3 and of MiniCPM-V 4.6, the model cards of
 * MiniCPM5 and Qwen3.5 (thinking off), and modeling_minicpmv.py.
 */
const AUTHORS_DEFAULTS: Readonly<Record<Recommended, SamplingDefaults>> = {
  minicpm: { maxTokens: null, temperature: 0.8, topP: 0.8, topK: 0, minP: 0, repetitionPenalty: 1 },
  minicpm3: { maxTokens: null, temperature: 0.8, topP: 0.8, topK: 0, minP: 0, repetitionPenalty: 1 },
  llama: { maxTokens: null, temperature: 0.7, topP: 0.95, topK: 0, minP: 0, repetitionPenalty: 1 },
  'qwen3.5': { maxTokens: null, temperature: 0.7, topP: 0.8, topK: 20, minP: 0, repetitionPenalty: 1 },
  '1.0': { ...SEEING, temperature: 0.6, repetitionPenalty: 1 },
  '2.0': SEEING,
  '4.0': SEEING,
  '4.6': { ...SEEING, topP: 1, topK: 0, repetitionPenalty: 1 },
};

/** Of models that their authors sample otherwise than the others: by what their repositories, files or titles say. */
const BY_NAME: readonly { name: RegExp; sampling: Partial<SamplingDefaults> }[] = [
  { name: /MiniCPM[- ]2B[- ]dpo/i, sampling: { temperature: 0.3 } },
  { name: /MiniCPM4[- ]/i, sampling: { temperature: 0.7, topP: 0.7 } },
  { name: /MiniCPM4\.1[- ]/i, sampling: { temperature: 0.6, topP: 0.95 } },
  { name: /MiniCPM5[- ]2B/i, sampling: { temperature: 1 } },
];

/** Whose recommendations hold for a model. */
export function recommendedFor({ architecture, vision }: ModelConfig): Recommended {
  return vision?.version ?? architecture;
}

/** Sampling defaults from generation_config.json (null where absent), else the authors' for a model of this name. Throws InvalidFileError. */
export function samplingFromJson(
  generationConfig: JsonObject | null,
  model: Recommended,
  name = '',
  place = 'generation_config.json',
): SamplingDefaults {
  const fields = new Fields(place, (key) => generationConfig?.[key]);
  const sampling = readSampling(fields, authorsSampling(model, name), {
    temperature: 'temperature',
    topP: 'top_p',
    topK: 'top_k',
    minP: 'min_p',
    repetitionPenalty: 'repetition_penalty',
  });
  const isGreedy = !fields.boolean('do_sample', true);
  const maxTokens = fields.count('max_new_tokens', 0) || null;
  return { ...sampling, maxTokens, ...(isGreedy && { temperature: 0 }) };
}

/** Sampling defaults from a GGUF file's `general.sampling.*` keys, else the authors' for a model of this name. Throws InvalidFileError. */
export function samplingFromGguf(
  metadata: GgufMetadata,
  model: Recommended,
  name: string,
  place: string,
): SamplingDefaults {
  const fields = new Fields(place, (key) => metadata.get(key));
  return readSampling(fields, authorsSampling(model, name), {
    temperature: 'general.sampling.temp',
    topP: 'general.sampling.top_p',
    topK: 'general.sampling.top_k',
    minP: 'general.sampling.min_p',
    repetitionPenalty: 'general.sampling.penalty_repeat',
  });
}

function authorsSampling(model: Recommended, name: string): SamplingDefaults {
  const own = BY_NAME.find((entry) => entry.name.test(name));
  return { ...AUTHORS_DEFAULTS[model], ...own?.sampling };
}

function readSampling(
  fields: Fields,
  defaults: SamplingDefaults,
  keys: Record<Exclude<keyof SamplingDefaults, 'maxTokens'>, string>,
): SamplingDefaults {
  return {
    ...defaults,
    temperature: fields.atLeastZero(keys.temperature, defaults.temperature),
    topP: fields.fraction(keys.topP, defaults.topP),
    topK: fields.count(keys.topK, defaults.topK),
    minP: fields.fraction(keys.minP, defaults.minP),
    repetitionPenalty: fields.positive(keys.repetitionPenalty, defaults.repetitionPenalty),
  };
}
