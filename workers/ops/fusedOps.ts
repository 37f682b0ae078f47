import type { GatedHeads } from '../kernels/cachedAttention/cachedAttention';
import type { LatentHeads } from '../kernels/shared/latentHeads';
import type { LayerCache, Matrix, Op, RecurrentState, RopeTable, Tensor, Vector } from './graph';

/** Rows half way through RMSNorm: times the norm's weight, not yet divided by their root mean squares. */
export interface NormedRow {
  weighted: Tensor;
  /** Sums of squares of each 8 columns of the rows before the norm. */
  squares: Tensor;
  columns: number;
  eps: number;
}

/**
 * Several ops on a few activation rows in one dispatch, or in two where attention is split among many keys. Only fuse.ts
 * makes them; models are written in `Op`s.
 */
export type FusedOp =
  | { kind: 'weigh'; x: Tensor; weight: Vector; normed: NormedRow }
  | { kind: 'projections'; x: NormedRow; weights: { matrix: Matrix; start: number }[]; gain: number; out: Tensor }
  | {
      kind: 'cachedAttention';
      qkv: Tensor;
      keyStart: number;
      valueStart: number;
      table: RopeTable;
      cache: LayerCache;
      numHeads: number;
      scale: number;
      gated: (GatedHeads & { queryNorm: Vector; keyNorm: Vector }) | null;
      /** What makes values of what heads give, where that is latents. */
      expanded: { heads: LatentHeads; kvB: Matrix } | null;
      out: Tensor;
      /** Results of chunks of keys, before they are merged. */
      partials: Tensor;
    }
  | {
      /** `x` begins with what queries are made from; `out` is queries of all heads and their one key. */
      kind: 'latentStep';
      x: Tensor;
      keyStart: number;
      queryNorm: Vector;
      latentNorm: Vector;
      eps: number;
      qB: Matrix;
      kvB: Matrix;
      heads: LatentHeads;
      out: Tensor;
    }
  | {
      /** Of one row; `x` begins with queries, keys and values. */
      kind: 'deltaNetStep';
      x: Tensor;
      decayStart: number;
      betaStart: number;
      gateStart: number;
      convolution: Vector;
      decayRate: Vector;
      decayBias: Vector;
      norm: Vector;
      eps: number;
      state: RecurrentState;
      out: Tensor;
    }
  | { kind: 'gatedProjections'; x: NormedRow; gate: Matrix; up: Matrix; out: Tensor }
  | {
      kind: 'residualProjection';
      x: Tensor;
      weight: Matrix;
      residual: Tensor;
      scale: number;
      norm: Vector;
      out: Tensor;
      normed: NormedRow;
    };

/** What a backend runs: a recorded graph, or a fused one. */
export interface RunGraph {
  ops: readonly (Op | FusedOp)[];
  output: Tensor;
}
