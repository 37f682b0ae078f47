import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { SAMPLING, SEGMENT_TOKENS } from '../shared/sampling';
import { STEP } from '../shared/step';
import text from './penalize.wgsl?raw';

/** Penalties on the logits of each row, and what `sample` and `argmax` skip by. Bindings: step, sampling, logits, history, penalized, segments. */
export function penalize({ vocabSize, width }: { vocabSize: number; width: number }): Launch {
  const segments = workgroupsFor(vocabSize, SEGMENT_TOKENS);
  return {
    kernel: {
      name: 'penalize',
      sources: [{ file: 'penalize.wgsl', text }, STEP, SAMPLING],
      bindings: ['uniform', 'uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage'],
    },
    constants: { VOCAB: vocabSize, WIDTH: width, SEGMENTS: segments },
    grid: (rows) => [segments, rows, 1],
  };
}
