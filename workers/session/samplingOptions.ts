import type { Sampling } from '../ops/tokenLoop';
import type { SamplingDefaults, SamplingOptions } from '../protocol';
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

function checkSampling(sampling: Sampling): void {
  const inRange: Record<keyof Sampling, boolean> = {
    temperature: sampling.temperature >= 0 && sampling.temperature < Infinity,
    topP: sampling.topP >= 0 && sampling.topP <= 1,
    topK: Number.isInteger(sampling.topK) && sampling.topK >= 0,
    minP: sampling.minP >= 0 && sampling.minP <= 1,
    repetitionPenalty: sampling.repetitionPenalty > 0 && sampling.repetitionPenalty < Infinity,
    presencePenalty: Number.isFinite(sampling.presencePenalty),
    frequencyPenalty: Number.isFinite(sampling.frequencyPenalty),
    seed: Number.isFinite(sampling.seed),
  };
  const wrong = Object.entries(inRange).find(([, isInRange]) => !isInRange);
  if (wrong) throw new RangeError(`sampling: ${wrong[0]} is out of range`);
}
