import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './featureRows.wgsl?raw';

export interface FeatureRowsShape {
  /** The token id that picks the first feature row. */
  firstId: number;
  rows: number;
  /** Row stride in floats, a multiple of 4. */
  width: number;
}

/** Puts feature rows in the place of tokens that stand for them. Bindings: step, token_ids, features, out. */
export function featureRows({ firstId, rows, width }: FeatureRowsShape): Launch {
  return {
    kernel: {
      name: 'featureRows',
      sources: [{ file: 'featureRows.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { FIRST_ID: firstId, ROWS: rows, WIDTH_QUADS: width / 4 },
    grid: (tokens) => [workgroupsFor(width / 4, 64), tokens, 1],
  };
}
