import type { MatrixFormat } from '../quant/layout';
import { matrixLayout } from '../quant/layout';

export interface MatrixShape {
  format: MatrixFormat;
  rows: number;
  columns: number;
}

/** What kernels are chosen for: the weight formats of a model, and the largest matrix in the format that most are in. */
export interface KernelWorkload extends MatrixShape {
  formats: MatrixFormat[];
  /** Bytes of all matrices in the layers, each of which a token reads. */
  layerBytes: number;
}

/** The workload of a model with these matrices in its layers and `others`, such as the vocabulary's, outside. */
export function kernelWorkload(layers: readonly MatrixShape[], others: readonly MatrixShape[]): KernelWorkload {
  const formats = [...new Set([...layers, ...others].map(({ format }) => format))];
  const bytesOf = ({ format, rows, columns }: MatrixShape) => matrixLayout(format, rows, columns).bytes;
  const sumOf = (matrices: readonly MatrixShape[]) => matrices.reduce((sum, matrix) => sum + bytesOf(matrix), 0);
  const bytesIn = (wanted: MatrixFormat) => sumOf(layers.filter(({ format }) => format === wanted));
  const main = formats.reduce((most, format) => (bytesIn(format) > bytesIn(most) ? format : most));
  const largest = layers
    .filter(({ format }) => format === main)
    .reduce((most, matrix) => (bytesOf(matrix) > bytesOf(most) ? matrix : most));
  return { format: main, rows: largest.rows, columns: largest.columns, formats, layerBytes: sumOf(layers) };
}
