import type { MatrixFormat } from './layout';

/** One way in which GGUF files store a tensor's elements. */
export interface GgmlType {
  name: string;
  /** Elements per block. */
  blockSize: number;
  blockBytes: number;
}

/** The supported types by their id in the file. */
export const GGML_TYPES: Readonly<Record<number, GgmlType>> = {};

/** The name of a type id, supported or not, for messages. */
export function ggmlTypeName(id: number): string {
  return `type ${id}`;
}

/** The packed format that keeps the codes of `type`; 'float' for the types without codes, which `packTile` quantises. */
export function ggmlFormat(type: GgmlType): MatrixFormat | 'float' {
  throw new Error(`not implemented: ${type.name}`);
}

/**
 * The exact values of `count` elements stored as `type`.
 * Throws RangeError for a wrong number of bytes and for a scale that is not finite, naming the block.
 */
export function dequantizeGgml(type: GgmlType, bytes: Uint8Array, count: number): Float32Array<ArrayBuffer> {
  throw new Error(`not implemented: ${[type.name, bytes.length, count].join(' ')}`);
}

/**
 * Re-lays up to 32 rows of `columns` elements, one after another as in the file, into one tile in `ggmlFormat(type)` at
 * `out[outOffset]`. Codes are kept; scales and offsets are rounded to f16. Missing rows become zero weights.
 * Throws RangeError for a scale that is not finite or that f16 cannot hold, naming the block.
 */
export function repackGgmlTile(
  type: GgmlType,
  rows: Uint8Array,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  throw new Error(`not implemented: ${[type.name, rows.length, rowCount, columns, out.length, outOffset].join(' ')}`);
}
