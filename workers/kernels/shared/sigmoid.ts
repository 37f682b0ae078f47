import type { WgslSource } from '../../gpu/kernel';
import text from './sigmoid.wgsl?raw';

/** What σ and SiLU divide by: `sigmoid_divisor`, and `sigmoid_divisors` of four. */
export const SIGMOID: WgslSource = { file: 'sigmoid.wgsl', text };
