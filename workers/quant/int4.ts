import { writeInt4Row } from './blockRow';
import { GroupSearch } from './groupSearch';
import type { MatrixLayout } from './layout';
import { BLOCK_COLUMNS } from './layout';

/** Scale and offset of a group are whole multiples, 0 to 255, of two units per row. */
const LARGEST_MULTIPLE = 255;

const search = new GroupSearch();

/**
 * Quantises rows of weights to weight = header.scale·scale·code − header.min·min into a zeroed tile. Each group's scale
 * and offset are searched for the least squared error, then rounded to multiples of the row's units, and the codes are
 * chosen last.
 */
export function packInt4(rows: Float32Array, rowCount: number, layout: MatrixLayout, tile: Uint8Array): void {
  const scales = new Float64Array(layout.blocks);
  const offsets = new Float64Array(layout.blocks);
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  for (let row = 0; row < rowCount; row++) {
    const weights = rows.subarray(row * layout.columns, (row + 1) * layout.columns);
    const sign = rowSign(weights);
    for (let block = 0; block < layout.blocks; block++) {
      loadGroup(weights, block, sign);
      search.searchRange();
      scales[block] = search.scale;
      offsets[block] = search.offset;
    }
    const scaleUnit = unitOf(scales);
    const minUnit = unitOf(offsets);
    view.setFloat32(row * 8, sign * scaleUnit, true);
    view.setFloat32(row * 8 + 4, sign * minUnit, true);
    for (let block = 0; block < layout.blocks; block++) {
      loadGroup(weights, block, sign);
      search.roundToUnits(scales[block]!, offsets[block]!, scaleUnit, minUnit);
      const blockOffset = layout.headerBytes + block * layout.blockBytes;
      writeInt4Row(tile, blockOffset, row, search.codes, 0);
      tile[blockOffset + layout.codeBytes + row * 2] = search.scaleMultiple;
      tile[blockOffset + layout.codeBytes + row * 2 + 1] = search.minMultiple;
    }
  }
}

function loadGroup(weights: Float32Array, block: number, sign: 1 | -1): void {
  const start = block * BLOCK_COLUMNS;
  search.load(weights, start, Math.min(BLOCK_COLUMNS, weights.length - start), sign);
}

/** The f32 whose 255-fold is about the largest magnitude. */
function unitOf(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return Math.fround(largest / LARGEST_MULTIPLE);
}

/**
 * A group's offset cannot be positive, so a group of positive weights alone would waste codes on the gap down to zero.
 * Where such groups outweigh those of negative weights the row is packed with its sign flipped, which the header undoes.
 */
function rowSign(weights: Float32Array): 1 | -1 {
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
