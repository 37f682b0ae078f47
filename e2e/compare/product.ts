/** A product of int4 weights [rows, columns] with activations [tokens, columns]. */
export interface ProductShape {
  rows: number;
  columns: number;
  tokens: number;
}

/** One way to compute some products of a shape, prepared on the device. */
export interface PreparedProducts {
  engine: 'this engine' | 'ONNX Runtime Web';
  variant: string;
  /** Products of one run. */
  count: number;
  /** Hands one run to the device. */
  run(): Promise<void>;
  destroy(): Promise<void>;
}
