import { TILE_ROWS } from '../quant/layout';
import type { Backend } from './backend';
import type { DeviceBuffer, Graph, Matrix } from './graph';
import { Ops } from './graph';
import type { MatrixShape } from './kernelWorkload';
import { trialMatrix } from './trialMatrix';

/** A graph of products, and the memory of its matrices, which whoever asked for it destroys. */
export interface ProductsGraph {
  graph: Graph;
  buffers: DeviceBuffer[];
}

/**
 * Products of the same `rows` activation rows with matrices of one shape, one after the other: as many as `bytes` hold,
 * and one at least. Throws OutOfMemoryError, keeping nothing.
 */
export async function productsGraph(
  backend: Backend,
  shape: MatrixShape,
  rows: number,
  bytes: number,
): Promise<ProductsGraph> {
  const table = trialMatrix('f32', TILE_ROWS, shape.columns);
  const packed = trialMatrix(shape.format, shape.rows, shape.columns, 1);
  const copies = Math.max(1, Math.floor(bytes / packed.byteLength));
  const sizes = [table.byteLength, ...Array.from({ length: copies }, () => packed.byteLength)];
  const buffers = await backend.allocate(
    () => sizes.map((size) => backend.createBuffer('tuning', size)),
    (made) => made.forEach((buffer) => buffer.destroy()),
  );
  const [tableBuffer, first, ...others] = buffers;
  backend.write(tableBuffer!, 0, table);
  backend.write(first!, 0, packed);
  // Copied on the device, they are there sooner, and pass through the host's memory but once.
  for (const other of others) backend.copy(first!, other, 0, packed.byteLength);
  await backend.flush();
  const ops = new Ops(rows);
  const x = ops.embedding(matrixIn(tableBuffer!, { format: 'f32', rows: TILE_ROWS, columns: shape.columns }), 1);
  let out = x;
  for (const buffer of [first!, ...others]) out = ops.linear(x, matrixIn(buffer, shape));
  return { graph: ops.graph(out), buffers };
}

function matrixIn(buffer: DeviceBuffer, shape: MatrixShape): Matrix {
  return { ...shape, shards: [{ rowStart: 0, rows: shape.rows, buffer }] };
}

/** The first rows of a matrix, whole tiles, that come to no more than so many weights. */
export function cutTo(mostWeights: number, { format, rows, columns }: MatrixShape): MatrixShape {
  const tiles = Math.max(1, Math.floor(mostWeights / (TILE_ROWS * columns)));
  return { format, rows: Math.min(rows, tiles * TILE_ROWS), columns };
}
