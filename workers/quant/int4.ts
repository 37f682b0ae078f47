import { writeInt4Row } from './blockRow';
import { GroupSearch } from './groupSearch';
import type { MatrixLayout } from './layout';
import { BLOCK_COLUMNS, blockOffset, headerOffset, SUPERBLOCK_BLOCKS } from './layout';
import { float32ToScaledHalf, LARGEST_SCALED_HALF, nearestScaledHalf } from './scaledHalf';

/** Scale and offset of a group are whole multiples, 0 to 255, of two units per superblock. */
const LARGEST_MULTIPLE = 255;

/** The largest offset that a group can have; weights beyond it saturate. */
const LARGEST_WEIGHT = LARGEST_MULTIPLE * LARGEST_SCALED_HALF;

const SUPERBLOCK_COLUMNS = SUPERBLOCK_BLOCKS * BLOCK_COLUMNS;

const search = new GroupSearch();
const scales = new Float64Array(SUPERBLOCK_BLOCKS);
const offsets = new Float64Array(SUPERBLOCK_BLOCKS);

/**
 * Quantises rows of weights to weight = scale unit·scale·code − min unit·min into a zeroed tile. Each group's scale and
 * offset are searched for the least squared error, then rounded to multiples of the superblock's units, and the codes are
 * chosen last. Weights beyond ±16312 saturate; where all are below 1e-5 they lose precision, because units end at 6e-8.
 */
export function packInt4(rows: Float32Array, rowCount: number, layout: MatrixLayout, tile: Uint8Array): void {
  const { columns } = layout;
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < columns; column += SUPERBLOCK_COLUMNS) {
      const end = Math.min(column + SUPERBLOCK_COLUMNS, columns);
      const weights = saturated(rows.subarray(row * columns + column, row * columns + end));
      packSuperblock(weights, row, column / BLOCK_COLUMNS, layout, tile);
    }
  }
}

function packSuperblock(
  weights: Float32Array,
  row: number,
  firstBlock: number,
  layout: MatrixLayout,
  tile: Uint8Array,
): void {
  const sign = superblockSign(weights);
  const blocks = Math.ceil(weights.length / BLOCK_COLUMNS);
  for (let block = 0; block < blocks; block++) {
    loadGroup(weights, block, sign);
    search.searchRange();
    scales[block] = search.scale;
    offsets[block] = search.offset;
  }
  const scaleUnit = unitOf(scales, blocks);
  const minUnit = unitOf(offsets, blocks);
  const header = new DataView(tile.buffer, tile.byteOffset + headerOffset(layout, firstBlock) + row * 4, 4);
  header.setUint16(0, float32ToScaledHalf(sign * scaleUnit), true);
  header.setUint16(2, float32ToScaledHalf(sign * minUnit), true);
  for (let block = 0; block < blocks; block++) {
    loadGroup(weights, block, sign);
    search.roundToUnits(scales[block]!, offsets[block]!, scaleUnit, minUnit);
    const start = blockOffset(layout, firstBlock + block);
    const scalesStart = start + layout.codeBytes + row * 2;
    writeInt4Row(tile, start, row, search.codes, 0);
    tile[scalesStart] = search.scaleMultiple;
    tile[scalesStart + 1] = search.minMultiple;
  }
}

function saturated(weights: Float32Array): Float32Array {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) largest = Math.max(largest, Math.abs(weights[i]!));
  if (largest <= LARGEST_WEIGHT) return weights;
  return weights.map((weight) => Math.max(-LARGEST_WEIGHT, Math.min(LARGEST_WEIGHT, weight)));
}

function loadGroup(weights: Float32Array, block: number, sign: 1 | -1): void {
  const start = block * BLOCK_COLUMNS;
  search.load(weights, start, Math.min(BLOCK_COLUMNS, weights.length - start), sign);
}

/** The unit whose 255-fold is about the largest magnitude; 0 where all are zero. */
function unitOf(values: Float64Array, count: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest === 0 ? 0 : nearestScaledHalf(largest / LARGEST_MULTIPLE);
}

/**
 * A group's offset cannot be positive, so a group of positive weights alone would waste codes on the gap down to zero.
 * Where such groups outweigh those of negative weights the superblock is packed with its sign flipped, which the header
 * undoes.
 */
function superblockSign(weights: Float32Array): 1 | -1 {
  let gapAboveZero = 0;
  let gapBelowZero = 0;
  for (let start = 0; start < weights.length; start += BLOCK_COLUMNS) {
    const end = Math.min(start + BLOCK_COLUMNS, weights.length);
    let lowest = weights[start]!;
    let highest = lowest;
    for (let i = start + 1; i < end; i++) {
      const weight = weights[i]!;
      if (weight < lowest) lowest = weight;
      if (weight > highest) highest = weight;
    }
    gapAboveZero += Math.max(0, lowest);
    gapBelowZero += Math.max(0, -highest);
  }
  return gapAboveZero > gapBelowZero ? -1 : 1;
}
