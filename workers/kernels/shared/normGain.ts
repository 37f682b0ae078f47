import type { WgslSource } from '../../gpu/kernel';
import text from './normGain.wgsl?raw';

/** The factor of RMSNorm behind a matrix product; reads the binding `squares`, f32 per row and 8 columns. */
export const NORM_GAIN: WgslSource = { file: 'normGain.wgsl', text };
