import { MAX_SHARD_BYTES } from '../checkpoint/manifest';
import type { Backend } from '../ops/backend';
import type { Matrix, Vector } from '../ops/graph';
import type { NamedTensor } from '../ops/kernelWorkload';
import { matrixLayout, paddedWidth, TILE_ROWS } from '../quant/layout';

/** Matrices and vectors of zeros by their names, in the formats asked for; vectors are f32. Throws OutOfMemoryError. */
export function zeroTensors(
  backend: Backend,
  tensors: readonly NamedTensor[],
): { matrices: Map<string, Matrix>; vectors: Map<string, Vector> } {
  const matrices = new Map<string, Matrix>();
  const vectors = new Map<string, Vector>();
  for (const { name, shape, format } of tensors) {
    const [rows, columns] = shape;
    if (columns === undefined) {
      vectors.set(name, { length: rows, buffer: backend.createBuffer(name, paddedWidth(rows) * 4) });
    } else {
      matrices.set(name, createMatrix(backend, name, format, rows, columns));
    }
  }
  return { matrices, vectors };
}

/** A matrix of zeros, in shards as an import makes them. */
function createMatrix(backend: Backend, name: string, format: Matrix['format'], rows: number, columns: number): Matrix {
  const { tileBytes } = matrixLayout(format, rows, columns);
  const shardRows = Math.floor(MAX_SHARD_BYTES / tileBytes) * TILE_ROWS;
  const shards = Array.from({ length: Math.ceil(rows / shardRows) }, (_, i) => {
    const rowStart = i * shardRows;
    const count = Math.min(shardRows, rows - rowStart);
    const { bytes } = matrixLayout(format, count, columns);
    return { rowStart, rows: count, buffer: backend.createBuffer(name, bytes) };
  });
  return { format, rows, columns, shards };
}
