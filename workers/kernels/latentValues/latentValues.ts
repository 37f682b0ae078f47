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
import text from './latentValues.wgsl?raw';

/** Activation rows of a workgroup. */
const ROWS = 8;

/** Values of heads that have attended to latents. Bindings: step, attended, kvB, out. */
export function latentValues(shape: PackedLatentHeads): Launch {
  const { format, numHeads, rank, valueDim } = shape;
  const kvB = weightRow({ format, rows: kvBRows(shape), columns: rank }, 'kv_b', 2);
  return {
    kernel: {
      name: `latentValues ${format}`,
      sources: [repeatLines({ file: 'latentValues.wgsl', text }, { m: ROWS }), STEP, LATENT_HEADS, ...kvB.sources],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      NUM_HEADS: numHeads,
      ...latentHeadConstants(shape),
      ...kvB.constants,
      X_QUADS: paddedWidth(numHeads * latentHeadDim(shape)) / 4,
      WIDTH: paddedWidth(numHeads * valueDim),
    },
    grid: (rows) => [numHeads, workgroupsFor(rows, ROWS), 1],
  };
}
