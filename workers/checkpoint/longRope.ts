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
 * LongRoPE as MiniCPM's modeling_minicpm.py has it: the rotary table is built once for all positions, so a context
 * longer than the original takes the long factors from the first token on, and cos and sin are multiplied by
 * √(1 + ln(max / original) / ln(original)) (Ding et al. 2024). Throws InvalidFileError for factors that are not
 * headDim / 2 numbers above zero.
 */
export function longRope(source: LongRopeSource, place: string): RopeConfig {
  const { theta, headDim, maxPositions, originalMaxPositions } = source;
  const isExtended = maxPositions > originalMaxPositions;
  const shortFactors = checkFactors(source.shortFactors, 'short', headDim, place);
  const longFactors = checkFactors(source.longFactors, 'long', headDim, place);
  const published = isExtended
    ? Math.sqrt(1 + Math.log(maxPositions / originalMaxPositions) / Math.log(originalMaxPositions))
    : 1;
  if (!Number.isFinite(published)) {
    throw engineError(
      'InvalidFileError',
      `${place}: LongRoPE cannot extend a context of ${originalMaxPositions} token.`,
    );
  }
  return { theta, factors: isExtended ? longFactors : shortFactors, gain: source.gain ?? published };
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
