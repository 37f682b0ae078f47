import type { GgmlType } from '../quant/ggml';
import { GGML_TYPES } from '../quant/ggml';

/** Bytes per element of the dtypes that safetensors files name; those of PyTorch have the same names here. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** Those that weights may have. */
export const FLOAT_TYPES: Readonly<Record<string, GgmlType>> = {
  F32: GGML_TYPES[0]!,
  F16: GGML_TYPES[1]!,
  BF16: GGML_TYPES[30]!,
};

/** A tensor as a file of safetensors or PyTorch holds it: its elements one after another, the last dimension first. */
export interface StoredTensor {
  name: string;
  dtype: string;
  shape: number[];
  /** From the start of the file. */
  offset: number;
  bytes: number;
}
