import { engineError } from '../errors';
import type { RopeConfig } from './modelConfig';

export interface LongRopeSource {
  theta: number;
  headDim: number;
  longFactors: unknown;
  shortFactors: unknown;
  maxPositions: number;
  originalMaxPositions: number;
  /** A gain that the file states itself, or null for the published formula. */
  gain: number | null;
}

/**
 * LongRoPE (Ding et al. 2024) as MiniCPM's modeling_minicpm.py has it: the rotary table is built once for all positions,
 * so a context longer than the original takes the long factors from the first token on.
 * Throws InvalidFileError for factors that are not headDim / 2 numbers above zero.
 */
export function longRope(source: LongRopeSource, place: string): RopeConfig {
  const { theta, headDim, maxPositions, originalMaxPositions } = source;
  const shortFactors = checkFactors(source.shortFactors, 'short', headDim, place);
  const longFactors = checkFactors(source.longFactors, 'long', headDim, place);
  const gain = source.gain ?? longRopeGain(maxPositions / originalMaxPositions, originalMaxPositions, place);
  return { theta, factors: maxPositions > originalMaxPositions ? longFactors : shortFactors, gain };
}

/**
 * The gain on cos and sin of a context that is `extension` times the original: √(1 + ln(extension) / ln(original)), and
 * 1 where nothing is extended. Throws InvalidFileError for an original context of one token.
 */
export function longRopeGain(extension: number, originalMaxPositions: number, place: string): number {
  if (extension <= 1) return 1;
  if (originalMaxPositions > 1) return Math.sqrt(1 + Math.log(extension) / Math.log(originalMaxPositions));
  throw engineError('InvalidFileError', `${place}: LongRoPE cannot extend a context of one token.`);
}

function checkFactors(factors: unknown, which: string, headDim: number, place: string): number[] {
  const isFactor = (factor: unknown): factor is number =>
    typeof factor === 'number' && Number.isFinite(factor) && factor > 0;
  if (Array.isArray(factors) && factors.length === headDim / 2 && factors.every(isFactor)) return factors;
  const count = Array.isArray(factors) ? `${factors.length} values` : 'no list';
  throw engineError(
    'InvalidFileError',
    `${place}: LongRoPE's ${which} factors must be ${headDim / 2} numbers above zero; the file has ${count}.`,
  );
}
