import type { WgslSource } from '../../gpu/kernel';
import { BLOCK_COLUMNS } from '../../quant/layout';
import { latentHeadConstants, latentRows, type PackedLatentHeads } from './latentHeads';
import text from './latentValue.wgsl?raw';
import { repeatLines } from './repeatLines';
import { weightRow } from './weightRow';

/** The function `value_of_latent` of a kernel that has `latent_quad`, the binding of `kvB`, and the overrides of both. */
export function latentValue(
  heads: PackedLatentHeads,
  binding: number,
): { sources: WgslSource[]; constants: Record<string, number> } {
  const kvB = weightRow({ format: heads.format, rows: latentRows(heads), columns: heads.rank }, 'kv', binding);
  return {
    sources: [...kvB.sources, repeatLines({ file: 'latentValue.wgsl', text }, { q: BLOCK_COLUMNS / 4 })],
    constants: { ...latentHeadConstants(heads), ...kvB.constants },
  };
}
