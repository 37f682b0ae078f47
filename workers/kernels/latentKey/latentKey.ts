import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './latentKey.wgsl?raw';

export interface LatentKeyShape {
  /** Channels of the latent, which are normed, and of the key, which rotate: multiples of 4. */
  rank: number;
  ropeDim: number;
  eps: number;
}

/** A latent and the channels behind it, changed over, the latent normed. Bindings: step, x, weight, out. */
export function latentKey({ rank, ropeDim, eps }: LatentKeyShape): Launch {
  return {
    kernel: {
      name: 'latentKey',
      sources: [{ file: 'latentKey.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      RANK_QUADS: rank / 4,
      ROPE_QUADS: ropeDim / 4,
      WIDTH_QUADS: paddedWidth(rank + ropeDim) / 4,
      EPS: eps,
    },
    grid: (rows) => [rows, 1, 1],
  };
}
