import { linearGrid } from '../../gpu/grid';
import type { Launch, WgslSource } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { NORM_GAIN } from '../shared/normGain';
import { sliceInvocations, SLICES } from '../shared/slices';
import { STEP } from '../shared/step';
import { weightPart } from '../shared/weightPart';
import text from './projections.wgsl?raw';

/** A matrix, or a shard of one, and where its results begin in `out`. */
export interface ProjectionPart {
  format: MatrixFormat;
  rows: number;
  outStart: number;
}

export interface ProjectionsShape {
  /** One to three. */
  parts: readonly ProjectionPart[];
  columns: number;
  eps: number;
  /** A factor on all results. */
  gain: number;
  variant?: KernelVariant;
}

/** RMSNorm's division and several matrices on one row. Bindings: step, x, squares, out, weights of each part. */
export function projections({ parts, columns, eps, gain }: ProjectionsShape): Launch {
  const { blocks } = matrixLayout('f32', 1, columns);
  const named = parts.map((part, i) => ({
    ...part,
    name: 'abc'[i]!,
    ...matrixLayout(part.format, part.rows, columns),
  }));
  let tiles = 0;
  const constants: Record<string, number> = {};
  const ends = named.map((part) => {
    const start = tiles;
    tiles += part.tiles;
    constants[`TILE_UNITS_${part.name}`] = part.tileBytes / 16;
    return { name: part.name, start, end: tiles, outStart: part.outStart };
  });
  return {
    kernel: {
      name: `projections ${parts.map(({ format }) => format).join(' ')}`,
      sources: [
        { file: 'projections.wgsl', text },
        STEP,
        SLICES,
        NORM_GAIN,
        ...named.map(({ format, name }, i) => weightPart(format, name, 4 + i)),
        pick(ends),
      ],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'storage',
        ...parts.map(() => 'read-only-storage' as const),
      ],
    },
    constants: {
      ...constants,
      TILES: tiles,
      BLOCKS: blocks,
      COLUMNS: columns,
      EPS: eps,
      GAIN: gain,
      WORKGROUP_SIZE: sliceInvocations(blocks),
    },
    grid: () => linearGrid(tiles),
  };
}

/** The functions that send a tile to its matrix. */
function pick(parts: { name: string; start: number; end: number; outStart: number }[]): WgslSource {
  const cases = (body: (part: (typeof parts)[number]) => string) =>
    parts.map((part) => `  if (tile < ${part.end}u) {\n    ${body(part)}\n  }\n`).join('');
  const partial = cases(({ name, start }) => `return slice_partial_${name}(tile - ${start}u, row, slice);`);
  const write = cases(({ name, start, outStart }) => {
    const value = `gain * finished_${name}(tile - ${start}u, row, sum)`;
    return `out[${outStart}u + (tile - ${start}u) * 32u + row] = ${value};\n    return;`;
  });
  return {
    file: 'projections.ts',
    text: `
fn tile_partial(tile: u32, row: u32, slice: u32) -> vec2f {
${partial}  return vec2f();
}

fn write(tile: u32, row: u32, sum: vec2f, gain: f32) {
${write}}
`,
  };
}
