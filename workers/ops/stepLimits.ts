import type { Step } from './backend';
import type { Graph, Tensor } from './graph';

/** What a step must keep to, so that no kernel reads or writes beyond its buffers. */
export interface StepLimits {
  capacity: number;
  /** Positions that every cache and rope table has. */
  positions: number;
  vocabSize: number;
}

/** The limits that the ops of a graph set. */
export function stepLimits(graph: Graph): StepLimits {
  const limits: StepLimits = { capacity: graph.capacity, positions: Infinity, vocabSize: Infinity };
  for (const op of graph.ops) {
    if (op.kind === 'embedding')
      limits.vocabSize = Math.min(limits.vocabSize, op.table.rows + (op.features?.rows ?? 0));
    if (op.kind === 'rope') limits.positions = Math.min(limits.positions, op.table.positions);
    if (op.kind === 'kvAppend') limits.positions = Math.min(limits.positions, op.cache.capacity);
  }
  return limits;
}

/** Throws RangeError for a step that does not fit. */
export function checkStep({ tokenIds, position }: Step, { capacity, positions, vocabSize }: StepLimits): void {
  const rows = tokenIds.length;
  if (rows < 1 || rows > capacity)
    throw new RangeError(`a step of ${rows} tokens; this program takes 1 to ${capacity}`);
  if (!(position >= 0) || position + rows > positions) {
    throw new RangeError(`positions ${position} to ${position + rows - 1} do not fit a context of ${positions}`);
  }
  for (let i = 0; i < rows; i++) {
    const id = tokenIds[i]!;
    if (!(id >= 0 && id < vocabSize)) throw new RangeError(`token id ${id} is outside the vocabulary of ${vocabSize}`);
  }
}

/** Throws RangeError for rows that an output does not have. */
export function checkOutputRows(rows: number, output: Tensor): void {
  if (rows < 1 || rows > output.rows) throw new RangeError(`${rows} rows asked for of an output of ${output.rows}`);
}
