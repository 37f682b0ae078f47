import type { WgslSource } from '../../gpu/kernel';
import text from './bytes.wgsl?raw';

/** Bytes of a word as floats: `byte_floats` and `signed_byte_floats`. */
export const BYTES: WgslSource = { file: 'bytes.wgsl', text };
