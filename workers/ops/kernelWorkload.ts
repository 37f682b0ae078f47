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

/** A weight of a model: a matrix, or a vector, which no kernel is chosen for. */
export interface NamedTensor {
  name: string;
  shape: readonly [rows: number, columns: number] | readonly [length: number];
  format: MatrixFormat;
}

/** The workload of a model with these tensors: matrices in its layers, and others outside, such as the vocabulary's. */
export function kernelWorkload(
  tensors: readonly NamedTensor[],
  isInLayer: (tensor: NamedTensor) => boolean = ({ name }) => name.startsWith('layers.'),
): KernelWorkload {
  const layers = matricesOf(tensors.filter(isInLayer));
  const others = matricesOf(tensors.filter((tensor) => !isInLayer(tensor)));
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

function matricesOf(tensors: readonly NamedTensor[]): MatrixShape[] {
  return tensors.flatMap(({ format, shape: [rows, columns] }) =>
    columns === undefined ? [] : [{ format, rows, columns }],
  );
}
