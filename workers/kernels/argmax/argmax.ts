import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { SAMPLING, SEGMENT_TOKENS } from '../shared/sampling';
import { STEP } from '../shared/step';
import text from './argmax.wgsl?raw';

/** The greedy choice of each row. Bindings: step, penalized, segments, best. */
export function argmax({ vocabSize, width }: { vocabSize: number; width: number }): Launch {
  return {
    kernel: {
      name: 'argmax',
      sources: [{ file: 'argmax.wgsl', text }, STEP, SAMPLING],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { VOCAB: vocabSize, WIDTH: width, SEGMENTS: workgroupsFor(vocabSize, SEGMENT_TOKENS) },
    grid: (rows) => [rows, 1, 1],
  };
}
