import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import {
  LATENT_HEADS,
  latentHeadConstants,
  latentHeadDim,
  kvBRows,
  type PackedLatentHeads,
} from '../shared/latentHeads';
import { repeatLines } from '../shared/repeatLines';
import { STEP } from '../shared/step';
import { weightRow } from '../shared/weightRow';
import text from './latentQueries.wgsl?raw';

/** Activation rows of a workgroup. */
const ROWS = 8;

/** Queries that meet a latent instead of keys. Bindings: step, q, kvB, out. */
export function latentQueries(shape: PackedLatentHeads): Launch {
  const { format, numHeads, rank, ropeDim, contentDim } = shape;
  const kvB = weightRow({ format, rows: kvBRows(shape), columns: rank }, 'kv_b', 2);
  return {
    kernel: {
      name: `latentQueries ${format}`,
      sources: [repeatLines({ file: 'latentQueries.wgsl', text }, { m: ROWS }), STEP, LATENT_HEADS, ...kvB.sources],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      NUM_HEADS: numHeads,
      ...latentHeadConstants(shape),
      ...kvB.constants,
      Q_WIDTH: paddedWidth(numHeads * (contentDim + ropeDim)),
      WIDTH_QUADS: paddedWidth(numHeads * latentHeadDim(shape)) / 4,
    },
    grid: (rows) => [numHeads, workgroupsFor(rows, ROWS), 1],
  };
}
