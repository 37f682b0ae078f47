/** Consecutive rows of a matrix. */
export interface Rows {
  firstRow: number;
  /** The first row that is not meant. */
  endRow: number;
}

export interface RowBatch extends Rows {
  /** The rows one after another, in the tensor's type. */
  bytes: Uint8Array<ArrayBuffer>;
}
