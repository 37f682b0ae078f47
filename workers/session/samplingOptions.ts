import type { Sampling } from '../ops/tokenLoop';
import type { SamplingOptions } from '../protocol/generation';
import type { SamplingDefaults } from '../protocol/model';
import { randomSeed } from './randomSeed';

/** What an answer asks for, and the authors' choice where it asks for nothing. Throws RangeError for values out of range. */
export function samplingOf(options: SamplingOptions, defaults: SamplingDefaults): Sampling {
  const sampling: Sampling = {
    temperature: options.temperature ?? defaults.temperature,
    topP: options.top_p ?? defaults.topP,
    topK: options.top_k ?? defaults.topK,
    minP: options.min_p ?? defaults.minP,
    repetitionPenalty: options.repetition_penalty ?? defaults.repetitionPenalty,
    presencePenalty: options.presence_penalty ?? 0,
    frequencyPenalty: options.frequency_penalty ?? 0,
    seed: options.seed ?? randomSeed(),
  };
  checkSampling(sampling);
  return sampling;
}

/** Bounds of a setting, and its name in SamplingOptions. */
interface Bounds {
  option: keyof SamplingOptions;
  allowed: string;
  isAllowed: (value: number) => boolean;
}

const from0To1 = { allowed: 'a number from 0 to 1', isAllowed: (value: number) => value >= 0 && value <= 1 };
const finite = { allowed: 'a finite number', isAllowed: Number.isFinite };

const BOUNDS: Record<keyof Sampling, Bounds> = {
  temperature: {
    option: 'temperature',
    allowed: 'a number of 0 or more',
    isAllowed: (value) => value >= 0 && value < Infinity,
  },
  topP: { option: 'top_p', ...from0To1 },
  topK: {
    option: 'top_k',
    allowed: 'a whole number of 0 or more',
    isAllowed: (value) => Number.isInteger(value) && value >= 0,
  },
  minP: { option: 'min_p', ...from0To1 },
  repetitionPenalty: {
    option: 'repetition_penalty',
    allowed: 'a number above 0',
    isAllowed: (value) => value > 0 && value < Infinity,
  },
  presencePenalty: { option: 'presence_penalty', ...finite },
  frequencyPenalty: { option: 'frequency_penalty', ...finite },
  seed: { option: 'seed', ...finite },
};

function checkSampling(sampling: Sampling): void {
  for (const [name, { option, allowed, isAllowed }] of Object.entries(BOUNDS)) {
    const value = sampling[name as keyof Sampling];
    if (!isAllowed(value)) throw new RangeError(`${option} is ${value}; it must be ${allowed}.`);
  }
}
