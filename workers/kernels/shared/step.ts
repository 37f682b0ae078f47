import type { WgslSource } from '../../gpu/kernel';
import text from './step.wgsl?raw';

/** Declares binding 0 of every kernel: the step's position and number of rows. */
export const STEP: WgslSource = { file: 'step.wgsl', text };

/** Bytes of the step buffer: {position: u32, rows: u32}, rounded up to a whole uniform unit. */
export const STEP_BYTES = 16;
