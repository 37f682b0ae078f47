import type { WgslSource } from '../../gpu/kernel';
import text from './slices.wgsl?raw';

/** Sums over the slices of a workgroup, for the kernels that multiply one activation row by weight tiles. */
export const SLICES: WgslSource = { file: 'slices.wgsl', text };

const MOST_SLICES = 8;
/** Blocks that keep a slice busy for longer than adding up the slices takes. */
const LEAST_BLOCKS = 4;

/** Invocations per weight tile for rows of `blocks` column blocks: 32 for each slice. */
export function sliceInvocations(blocks: number): number {
  return 32 * Math.min(MOST_SLICES, 2 ** Math.max(0, Math.floor(Math.log2(blocks / LEAST_BLOCKS))));
}
