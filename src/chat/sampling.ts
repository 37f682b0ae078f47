import type { SamplingDefaults } from '../engine/api';
import type { ChatSampling } from './chat';

export type SamplingKey = keyof ChatSampling;

/** Bounds of a setting, both allowed, and the steps in which people change it. */
export interface SamplingRange {
  min: number;
  max: number;
  step: number;
  isWhole: boolean;
}

/**
 * What people may set. The engine takes more; beyond these bounds answers are noise, or nothing. A `top_k` of 0 is off.
 */
export const SAMPLING_RANGES: Readonly<Record<SamplingKey, SamplingRange>> = {
  temperature: { min: 0, max: 2, step: 0.05, isWhole: false },
  top_p: { min: 0.05, max: 1, step: 0.05, isWhole: false },
  top_k: { min: 0, max: 200, step: 1, isWhole: true },
  repetition_penalty: { min: 0.8, max: 2, step: 0.01, isWhole: false },
  max_tokens: { min: 1, max: 32768, step: 1, isWhole: true },
};

export const SAMPLING_KEYS = Object.keys(SAMPLING_RANGES) as SamplingKey[];

/** The range of a setting for a model that keeps `contextLength` tokens in mind: no answer is longer than that. */
export function rangeFor(key: SamplingKey, contextLength: number): SamplingRange {
  const range = SAMPLING_RANGES[key];
  return key === 'max_tokens' ? { ...range, max: Math.min(range.max, contextLength) } : range;
}

/** What is wrong with a value, in English, or null. */
export function faultOf(key: SamplingKey, value: number, range = SAMPLING_RANGES[key]): string | null {
  const { min, max, isWhole } = range;
  if (isWhole && !Number.isInteger(value)) return 'not a whole number';
  return value >= min && value <= max ? null : `not between ${min} and ${max}`;
}

/** The authors' value of a setting; null where they set none. */
export function authorsValue(key: SamplingKey, defaults: SamplingDefaults): number | null {
  return {
    temperature: defaults.temperature,
    top_p: defaults.topP,
    top_k: defaults.topK,
    repetition_penalty: defaults.repetitionPenalty,
    max_tokens: defaults.maxTokens,
  }[key];
}

/** `sampling` with one setting changed; null leaves that to the authors. What is out of bounds changes nothing. */
export function withSetting(sampling: ChatSampling, key: SamplingKey, value: number | null): ChatSampling {
  if (value !== null && faultOf(key, value) !== null) return sampling;
  const { [key]: _, ...others } = sampling;
  return value === null ? others : { ...others, [key]: value };
}
