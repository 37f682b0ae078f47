import type { WgslSource } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout, TILE_ROWS } from '../../quant/layout';
import { MAX_BATCH } from './batch';
import f16Blocks from './f16Blocks.wgsl?raw';
import f16Codes from './f16Codes.wgsl?raw';
import f16Halves from './f16Halves.wgsl?raw';
import f16Stage from './f16Stage.wgsl?raw';
import f32Row from './f32Row.wgsl?raw';
import f32Rows from './f32Rows.wgsl?raw';
import f32Tile from './f32Tile.wgsl?raw';
import int8Blocks from './int8Blocks.wgsl?raw';
import int8Stage from './int8Stage.wgsl?raw';
import stagedTile from './stagedTile.wgsl?raw';
import { repeatLines } from './repeatLines';
import { source } from './source';
import { SPLIT_BYTES } from './splitBytes';
import { STEP } from './step';
import subgroupTile from './subgroupTile.wgsl?raw';
import text from './tileProducts.wgsl?raw';
import { weightPart } from './weightPart';

/** A packed matrix, or a shard of one, and the name that its functions end in. */
export interface TilePart {
  name: string;
  format: MatrixFormat;
  binding: number;
}

export interface TileProductsShape {
  parts: readonly TilePart[];
  /** Of all parts; of one, where they are multiplied together. */
  tiles: number;
  columns: number;
  /** Activation rows at most: 1 to 8. */
  batch: number;
  variant: KernelVariant;
  /** Matrices that a workgroup multiplies by at a time. */
  together?: number;
}

/** The variants that have a form for small batches. */
type TileVariant = 'f32' | 'f16' | 'int8' | 'subgroups';

const MOST_INVOCATIONS = 256;
/** Keep the largest GPUs busy. Where there are fewer tiles, several workgroups share one. */
const ENOUGH_WORKGROUPS = 256;
/** Of a tile: fewer would read memory in parts of its lines. */
const LEAST_ROWS = 8;
/** Blocks that keep a slice busy for longer than adding up the slices takes. */
const LEAST_BLOCKS = 2;
/** 16-byte units of workgroup memory for staged activations: as much as the sums of eight rows take. */
const STAGED_UNITS = 512;
/** Of a staged block: BLOCK_STAGED_UNITS. */
const BLOCK_UNITS = 4;

/** Of the whole kernel, behind tileProducts.wgsl. */
const TILE_SOURCES: Record<TileVariant, readonly WgslSource[]> = {
  f32: [source('f32Tile.wgsl', f32Tile)],
  subgroups: [source('subgroupTile.wgsl', subgroupTile)],
  f16: [source('stagedTile.wgsl', stagedTile), source('f16Stage.wgsl', f16Stage)],
  int8: [source('stagedTile.wgsl', stagedTile), source('int8Stage.wgsl', int8Stage), SPLIT_BYTES],
};

/** Of each matrix, behind its weight format: the function `add_blocks`. */
function blockSources(variant: TileVariant, format: MatrixFormat, batch: number): WgslSource[] {
  switch (variant) {
    case 'f32':
    case 'subgroups':
      return [batch === 1 ? source('f32Row.wgsl', f32Row) : source('f32Rows.wgsl', f32Rows)];
    case 'f16': {
      const codes = format === 'f16' ? source('f16Halves.wgsl', f16Halves) : source('f16Codes.wgsl', f16Codes);
      return [codes, source('f16Blocks.wgsl', f16Blocks)];
    }
    case 'int8':
      return [source('int8Blocks.wgsl', int8Blocks)];
  }
}

/** The variant that multiplies small batches by weights of this format where `wanted` is asked for. */
export function tileVariant(format: MatrixFormat, wanted: KernelVariant): TileVariant {
  if (wanted === 'registers' || wanted === 'subgroup-matrix') return 'subgroups';
  const lacking = { f32: [], subgroups: [], f16: ['f32'], int8: ['f32', 'f16'] }[wanted] as string[];
  return lacking.includes(format) ? 'f32' : wanted;
}

/**
 * What kernels for small batches share, behind their own `main`: the sources of tileProducts.wgsl and the variant, the step,
 * a binding and functions per matrix, and values for their `override`s. The kernel declares the binding `x: array<vec4f>`,
 * [capacity, columns padded to whole blocks], and `add_group(sums, tile, row, group, first, end)`: it calls
 * `add_blocks_part(sums, tile of the part, row, slice, first, end)` of the part that the group works on. `workgroups` is how
 * many there are.
 */
export function tileProducts(
  main: readonly WgslSource[],
  shape: TileProductsShape,
): { sources: WgslSource[]; constants: Record<string, number>; workgroups: number } {
  const { parts, tiles, columns, batch, variant: wanted, together = 1 } = shape;
  const variants = parts.map(({ format }) => tileVariant(format, wanted));
  // A part that lacks it is multiplied in f32 beside the others, by the activations as they are in memory.
  const variant = variants.find((each) => each !== 'f32') ?? 'f32';
  const { blocks } = matrixLayout('f32', 1, columns);
  const { rows, slices } = workgroupShape(shape, variant);
  const workgroupSize = rows * slices * together;
  const sumUnits = Math.ceil(batch / 4) * workgroupSize;
  const constants: Record<string, number> = {
    BLOCKS: blocks,
    BATCH: batch,
    SLICES: slices,
    ROWS: rows,
    WORKGROUP_SIZE: workgroupSize,
    SHARED_UNITS: sumUnits,
  };
  if (variant === 'f16' || variant === 'int8') {
    const unitsPerBlock = batch * BLOCK_UNITS;
    // Whole rounds of the slices, so that a slice has the same blocks whatever the chunk.
    const rounds = Math.min(Math.ceil(blocks / slices), Math.floor(STAGED_UNITS / unitsPerBlock / slices));
    constants.CHUNK = rounds * slices;
    constants.SHARED_UNITS = Math.max(sumUnits, rounds * slices * unitsPerBlock);
  }
  const sources = [source('tileProducts.wgsl', text), ...TILE_SOURCES[variant]];
  for (const [i, { name, format, binding }] of parts.entries()) {
    sources.push(...weightPart(format, name, binding, blockSources(variants[i]!, format, batch)));
    constants[`TILE_UNITS_${name}`] = matrixLayout(format, 1, columns).tileBytes / 16;
  }
  const workgroups = (tiles * TILE_ROWS) / rows;
  return { sources: [...main, STEP, ...sources].map((part) => repeatLines(part, { m: batch })), constants, workgroups };
}

/**
 * Weight rows of a workgroup, and slices of their columns. Invocations wait for memory most of the time, so that what counts
 * is how much they ask for at once: as many slices as there is room for, and enough workgroups. The same for every batch.
 */
function workgroupShape(
  { tiles, columns, together = 1 }: TileProductsShape,
  variant: TileVariant,
): { rows: number; slices: number } {
  const { blocks } = matrixLayout('f32', 1, columns);
  let mostSlices = 2 ** Math.max(0, Math.floor(Math.log2(blocks / LEAST_BLOCKS)));
  // A round of staged blocks, one for each slice, has to fit with the most activation rows.
  if (variant === 'f16' || variant === 'int8')
    mostSlices = Math.min(mostSlices, STAGED_UNITS / (MAX_BATCH * BLOCK_UNITS));
  const invocations = MOST_INVOCATIONS / together;
  let rows = TILE_ROWS;
  // A subgroup of 32 works on one slice.
  if (variant !== 'subgroups') {
    const isEnough = () => (tiles * TILE_ROWS) / rows >= ENOUGH_WORKGROUPS || (invocations / rows) * 2 > mostSlices;
    while (rows > LEAST_ROWS && !isEnough()) rows /= 2;
  }
  return { rows, slices: Math.min(invocations / rows, mostSlices) };
}
