import type { WgslSource } from '../../gpu/kernel';
import { BLOCK_COLUMNS } from '../../quant/layout';
import { kvBRows, LATENT_HEADS, latentHeadConstants, type PackedLatentHeads } from './latentHeads';
import text from './valueOfLatent.wgsl?raw';
import { repeatLines } from './repeatLines';
import { weightRow } from './weightRow';

/** The function `value_of_latent` of a kernel that has `latent_quad`, the binding of `kvB`, and the overrides of both. */
export function valueOfLatent(
  heads: PackedLatentHeads,
  binding: number,
): { sources: WgslSource[]; constants: Record<string, number> } {
  const kvB = weightRow({ format: heads.format, rows: kvBRows(heads), columns: heads.rank }, 'kv_b', binding);
  return {
    sources: [
      LATENT_HEADS,
      ...kvB.sources,
      repeatLines({ file: 'valueOfLatent.wgsl', text }, { q: BLOCK_COLUMNS / 4 }),
    ],
    constants: { ...latentHeadConstants(heads), ...kvB.constants },
  };
}
