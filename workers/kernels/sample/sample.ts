import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { SAMPLING, SEGMENT_TOKENS } from '../shared/sampling';
import text from './sample.wgsl?raw';

/** Chooses the next token and leaves it to the next step. Bindings: next_step, sampling, penalized, segments, history, token_ids, sampled. */
export function sample({ vocabSize }: { vocabSize: number }): Launch {
  return {
    kernel: {
      name: 'sample',
      sources: [{ file: 'sample.wgsl', text }, SAMPLING],
      bindings: ['storage', 'uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage', 'storage'],
    },
    constants: { VOCAB: vocabSize, SEGMENTS: workgroupsFor(vocabSize, SEGMENT_TOKENS) },
    grid: () => [1, 1, 1],
  };
}
