/**
 * How products of activations and packed weights are computed: in f32, in f16, in products of signed bytes with activations
 * rounded to sixteen bits in two of them (int8), in f32 with activations shared inside subgroups, the same with weights in
 * registers alone, or by the matrix units that Chromium exposes as subgroup matrices.
 */
export type KernelVariant = 'f32' | 'f16' | 'int8' | 'subgroups' | 'registers' | 'subgroup-matrix';

/** Products of packed weights with 1 to 8 activation rows, as decoding takes them, and with more, as reading a prompt does. */
export type ProductClass = 'matvec' | 'matmul';

/**
 * Why a kernel variant is not used. Of a failed trial, `names` is what the driver said or how wrong the result was, in
 * English.
 */
export type KernelReasonCode =
  | 'missing-features'
  | 'no-form'
  | 'software-adapter'
  | 'slower'
  | 'hardly-faster'
  | 'not-asked-for'
  | 'too-large'
  | 'device-lost'
  | 'untried'
  | 'no-time'
  | 'given-up'
  | 'failed-trial';

/** A kernel variant on this device. */
export interface KernelReport {
  /** Products and variant, as in 'matvec f16'; on the CPU, where there are no variants, what computes. */
  name: string;
  products?: ProductClass;
  variant?: KernelVariant;
  /**
   * 'active': computes; 'available': would, but another is preferred; 'refused': not tried; 'failed': does not compile, or
   * computes wrong.
   */
  state: 'active' | 'available' | 'refused' | 'failed';
  /** Plain English; always there for 'refused' and 'failed'. */
  reason?: string;
  /** The same for pages in other languages. */
  because?: { code: KernelReasonCode; /** What the sentence is about. */ names: string };
  /** Time of one product of the model's largest layer matrix, or of a part of it, where that was measured. */
  microseconds?: number;
  /** Loads that had no time or memory left when it was this variant's turn, or before it was tried. */
  lateTrials?: number;
  /** False where rows of a small batch differ from single rows in some bit: drafts would change answers, and are not made. */
  isBatchExact?: boolean;
}
