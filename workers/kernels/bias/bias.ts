import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './bias.wgsl?raw';

/** What happens to a row after its bias: nothing, or GELU (Hendrycks and Gimpel 2016), exact or by tanh. */
export type Activation = 'none' | 'gelu' | 'gelu-tanh';

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, gelu: 1, 'gelu-tanh': 2 };

/** Bias and activation of each row. `width` is a multiple of 4. Bindings: step, x, bias, out. */
export function bias({ width, activation }: { width: number; activation: Activation }): Launch {
  return {
    kernel: {
      name: 'bias',
      sources: [{ file: 'bias.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { WIDTH_QUADS: width / 4, ACTIVATION: ACTIVATIONS[activation] },
    grid: (rows) => [workgroupsFor(width / 4, 64), rows, 1],
  };
}
