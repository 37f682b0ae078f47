import type { WgslSource } from '../../gpu/kernel';

/** Activation rows that one program of a kernel for small batches takes at most. */
export const MAX_BATCH = 8;

/** Where tileProducts.wgsl keeps the sum of each activation row: in named components, because indexed arrays spill. */
const SUMS = ['low.x', 'low.y', 'low.z', 'low.w', 'high.x', 'high.y', 'high.z', 'high.w'];

/**
 * A shader for `batch` activation rows: a line that mentions `{m}` stands once per row, with `{m}` replaced by its number
 * and `{sum}` by its component of `Sums`. The copies share a line, so that line numbers stay those of the file.
 */
export function forEachRow({ file, text }: WgslSource, batch: number): WgslSource {
  const copies = (line: string) =>
    SUMS.slice(0, batch).map((sum, m) => line.replaceAll('{m}', `${m}`).replaceAll('{sum}', sum));
  const lines = text.split('\n').map((line) => (line.includes('{m}') ? copies(line).join(' ') : line));
  return { file, text: lines.join('\n') };
}
