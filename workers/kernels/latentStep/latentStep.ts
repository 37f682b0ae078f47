import type { Launch } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { BLOCK_COLUMNS, paddedWidth } from '../../quant/layout';
import { kvBRows, LATENT_HEADS, latentHeadConstants, latentHeadDim, type LatentHeads } from '../shared/latentHeads';
import { repeatLines } from '../shared/repeatLines';
import { STEP } from '../shared/step';
import { weightRow } from '../shared/weightRow';
import { WORKGROUP_BYTES } from '../shared/workgroupBytes';
import text from './latentStep.wgsl?raw';

export interface LatentStepShape extends LatentHeads {
  /** Channels of what queries are made from. */
  queryRank: number;
  /** Of `qB` and of `kvB`. */
  formats: { qB: MatrixFormat; kvB: MatrixFormat };
  /** Width of x, and where the latent begins in it: multiples of whole blocks. */
  xWidth: number;
  keyStart: number;
  eps: number;
}

const INVOCATIONS = 256;
/** Parts of a query's channels, which add up, as in the shader. */
const GROUPS = INVOCATIONS / 32;

/** Whether a workgroup has the memory for it: what queries are made from, a query in so many parts, and quads of sums. */
export function hasLatentStep({ queryRank, contentDim, ropeDim, rank }: LatentHeads & { queryRank: number }): boolean {
  const floats = 32 + paddedWidth(queryRank) + (GROUPS + 1) * (contentDim + ropeDim) + 4 * INVOCATIONS;
  return 4 * floats <= WORKGROUP_BYTES && rank <= 4 * INVOCATIONS;
}

/** Width of a row of results. */
export function latentStepWidth(heads: LatentHeads): number {
  return paddedWidth((heads.numHeads + 1) * latentHeadDim(heads));
}

/**
 * Queries of all heads that meet a latent, and the key that they share, of up to 8 rows.
 * Bindings: step, x, query_norm, latent_norm, out, qB, kvB.
 */
export function latentStep(shape: LatentStepShape): Launch {
  const { numHeads, rank, ropeDim, contentDim, queryRank, formats, xWidth, keyStart, eps } = shape;
  const queryRows = numHeads * (contentDim + ropeDim);
  const qB = weightRow({ format: formats.qB, rows: queryRows, columns: queryRank }, 'q_b', 5);
  const kvB = weightRow({ format: formats.kvB, rows: kvBRows(shape), columns: rank }, 'kv_b', 6);
  return {
    kernel: {
      name: `latentStep ${formats.qB} ${formats.kvB}`,
      sources: [
        repeatLines({ file: 'latentStep.wgsl', text }, { q: BLOCK_COLUMNS / 4 }),
        STEP,
        LATENT_HEADS,
        ...qB.sources,
        ...kvB.sources,
      ],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'read-only-storage',
        'read-only-storage',
      ],
    },
    constants: {
      NUM_HEADS: numHeads,
      ...latentHeadConstants(shape),
      ...qB.constants,
      ...kvB.constants,
      QUERY_RANK: queryRank,
      QUERY_BLOCKS: paddedWidth(queryRank) / BLOCK_COLUMNS,
      KEY_START: keyStart / 4,
      X_QUADS: xWidth / 4,
      WIDTH_QUADS: latentStepWidth(shape) / 4,
      EPS: eps,
      WORKGROUP_SIZE: INVOCATIONS,
    },
    grid: (rows) => [numHeads + 1, rows, 1],
  };
}
