import type { WgslSource } from '../../gpu/kernel';
import text from './splitBytes.wgsl?raw';

/** Activations as pairs of bytes, for the variant int8: `split_bytes` and `split_dot`. */
export const SPLIT_BYTES: WgslSource = { file: 'splitBytes.wgsl', text };
