import { linearGrid } from '../../gpu/grid';
import type { Launch, WgslSource } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { NORM_GAIN } from '../shared/normGain';
import { tileProducts } from '../shared/tileProducts';
import text from './projections.wgsl?raw';

/** Matrices at most: they and the activations are bindings. */
export const MAX_PARTS = 4;

/** A matrix, or a shard of one, and where its results begin in a row of `out`. */
export interface ProjectionPart {
  format: MatrixFormat;
  rows: number;
  outStart: number;
}

export interface ProjectionsShape {
  /** One to MAX_PARTS. */
  parts: readonly ProjectionPart[];
  columns: number;
  outWidth: number;
  eps: number;
  /** A factor on all results. */
  gain: number;
  /** Activation rows at most: 1 to 8. */
  batch: number;
  variant: KernelVariant;
}

/** RMSNorm's division and several matrices on up to 8 rows. Bindings: step, x, squares, out, weights of each part. */
export function projections({ parts, columns, outWidth, eps, gain, batch, variant }: ProjectionsShape): Launch {
  let tiles = 0;
  const placed = parts.map(({ format, rows, outStart }, i) => {
    const start = tiles;
    tiles += matrixLayout(format, rows, columns).tiles;
    return { name: 'abcd'[i]!, format, binding: 4 + i, start, end: tiles, outStart };
  });
  const own = [{ file: 'projections.wgsl', text }, NORM_GAIN, pick(placed)];
  const { sources, constants, workgroups } = tileProducts(own, { parts: placed, tiles, columns, batch, variant });
  return {
    kernel: {
      name: `projections ${parts.map(({ format }) => format).join(' ')}`,
      sources,
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'storage',
        ...parts.map(() => 'read-only-storage' as const),
      ],
    },
    constants: { ...constants, TILES: tiles, OUT_WIDTH: outWidth, COLUMNS: columns, EPS: eps, GAIN: gain },
    grid: () => linearGrid(workgroups),
  };
}

/** The functions that send a tile to its matrix. */
function pick(parts: { name: string; start: number; end: number; outStart: number }[]): WgslSource {
  const cases = (body: (part: (typeof parts)[number]) => string) =>
    parts.map((part) => `  if (tile < ${part.end}u) {\n    ${body(part)}\n  }\n`).join('');
  const add = cases(
    ({ name, start }) => `add_blocks_${name}(sums, tile - ${start}u, row, group, first, end);\n    return;`,
  );
  const outStart = cases((part) => `return ${part.outStart}u + (tile - ${part.start}u) * 32u;`);
  return {
    file: 'projections.ts',
    text: `
fn add_group(sums: ptr<function, Sums>, tile: u32, row: u32, group: u32, first: u32, end: u32) {
${add}}

fn out_start(tile: u32) -> u32 {
${outStart}  return 0u;
}
`,
  };
}
