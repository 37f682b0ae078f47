import type { KernelVariant } from '../protocol';

/** Which variant multiplies by packed weights. Kernels fall back to 'f32' for weight formats that a variant lacks. */
export interface KernelChoice {
  /** 1 to 8 activation rows: one variant for all, so that checking drafted tokens gives what decoding would. */
  matvec: KernelVariant;
  /** More activation rows. */
  matmul: KernelVariant;
}

/** Right on every device. */
export const PLAIN_KERNELS: KernelChoice = { matvec: 'f32', matmul: 'f32' };
