import { ROW_BYTES, STRIPE_BYTES } from './blockRow';
import { float16ToFloat32 } from './half';
import type { MatrixFormat, MatrixLayout } from './layout';
import { BLOCK_COLUMNS, blockOffset, headerOffset, matrixLayout, TILE_ROWS } from './layout';
import { scaledHalfToFloat32 } from './scaledHalf';

/** The first bytes of the parts of a block in a packed matrix, and of its superblock's header. */
interface BlockPlace {
  header: number;
  codes: number;
  scales: number;
}

/** Writes the 32 weights of one row of a block to `out[at…]`. */
type RowDecoder = (view: DataView, place: BlockPlace, row: number, out: Float32Array, at: number) => void;

const decoders: Record<MatrixFormat, RowDecoder> = {
  int4(view, { header, codes, scales }, row, out, at) {
    const scale = readScale(view, header + row * 4) * view.getUint8(scales + row * 2);
    const offset = -readScale(view, header + row * 4 + 2) * view.getUint8(scales + row * 2 + 1);
    decodeNibbles(view, codes + row * ROW_BYTES, scale, offset, out, at);
  },

  'int4-affine'(view, { codes, scales }, row, out, at) {
    const scale = readScale(view, scales + row * 4);
    const offset = readScale(view, scales + row * 4 + 2);
    decodeNibbles(view, codes + row * ROW_BYTES, scale, offset, out, at);
  },

  int8(view, { codes, scales }, row, out, at) {
    for (let half = 0; half < 2; half++) {
      const scale = readScale(view, scales + row * 4 + half * 2);
      const start = codes + half * STRIPE_BYTES + row * ROW_BYTES;
      for (let b = 0; b < 16; b++) out[at++] = scale * view.getInt8(start + b);
    }
  },

  'int8-affine'(view, { codes, scales }, row, out, at) {
    const scale = readScale(view, scales + row * 4);
    const offset = readScale(view, scales + row * 4 + 2);
    for (let half = 0; half < 2; half++) {
      const start = codes + half * STRIPE_BYTES + row * ROW_BYTES;
      for (let b = 0; b < 16; b++) out[at++] = scale * view.getInt8(start + b) + offset;
    }
  },

  f16(view, { codes }, row, out, at) {
    for (let stripe = 0; stripe < 4; stripe++) {
      const start = codes + stripe * STRIPE_BYTES + row * ROW_BYTES;
      for (let b = 0; b < 16; b += 4) {
        const pair = view.getUint32(start + b, true);
        out[at++] = float16ToFloat32(pair & 0xffff);
        out[at++] = float16ToFloat32(pair >>> 16);
      }
    }
  },

  f32(view, { codes }, row, out, at) {
    for (let stripe = 0; stripe < 8; stripe++) {
      const start = codes + stripe * STRIPE_BYTES + row * ROW_BYTES;
      for (let b = 0; b < 16; b += 4) out[at++] = view.getFloat32(start + b, true);
    }
  },
};

function readScale(view: DataView, offset: number): number {
  return scaledHalfToFloat32(view.getUint16(offset, true));
}

/** Word j, byte b of the 16 code bytes: low nibble column 8j + b, high nibble column 8j + 4 + b. */
function decodeNibbles(
  view: DataView,
  start: number,
  scale: number,
  offset: number,
  out: Float32Array,
  at: number,
): void {
  for (let j = 0; j < 4; j++) {
    for (let b = 0; b < 4; b++) {
      const pair = view.getUint8(start + 4 * j + b);
      out[at + 8 * j + b] = scale * (pair & 15) + offset;
      out[at + 8 * j + 4 + b] = scale * (pair >> 4) + offset;
    }
  }
}

/** Reads the weights of one packed matrix, or of any run of its row tiles, as f32. */
export class MatrixReader {
  private readonly view: DataView;
  private readonly decode: RowDecoder;

  /** Throws RangeError when `bytes` is shorter than the layout says. */
  constructor(
    private readonly layout: MatrixLayout,
    bytes: Uint8Array,
  ) {
    if (bytes.length < layout.bytes) {
      throw new RangeError(
        `${layout.format} [${layout.rows}, ${layout.columns}] takes ${layout.bytes} bytes, not ${bytes.length}`,
      );
    }
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.decode = decoders[layout.format];
  }

  /** The 32 weights of `row` (of the matrix) in column block `block`, padding included, to `out[at…]`. */
  readBlockRow(row: number, block: number, out: Float32Array, at: number): void {
    const place = this.place(Math.floor(row / TILE_ROWS), block);
    this.decode(this.view, place, row % TILE_ROWS, out, at);
  }

  /** All 32 × 32 weights of a block, row-major, padding included, to the start of `out`. */
  readBlock(tile: number, block: number, out: Float32Array): void {
    const place = this.place(tile, block);
    for (let row = 0; row < TILE_ROWS; row++) this.decode(this.view, place, row, out, row * BLOCK_COLUMNS);
  }

  private place(tileIndex: number, block: number): BlockPlace {
    const tile = tileIndex * this.layout.tileBytes;
    const header = tile + headerOffset(this.layout, block);
    const codes = tile + blockOffset(this.layout, block);
    return { header, codes, scales: codes + this.layout.codeBytes };
  }
}

/**
 * The weights of a packed matrix, [rows, columns] row-major: the definition of the layout. Each is computed in double
 * precision and rounded once. Throws RangeError when `bytes` is too short.
 */
export function unpackMatrix(
  format: MatrixFormat,
  bytes: Uint8Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) unpackRow(format, bytes, row, columns, weights, row * columns);
  return weights;
}

/**
 * The `columns` weights of one row of a packed matrix, for embedding look-ups, to `out[outOffset…]`.
 * Throws RangeError when `bytes` ends before the row's tile does.
 */
export function unpackRow(
  format: MatrixFormat,
  bytes: Uint8Array,
  row: number,
  columns: number,
  out: Float32Array,
  outOffset: number,
): void {
  const layout = matrixLayout(format, row + 1, columns);
  const reader = new MatrixReader(layout, bytes);
  const lastBlock = new Float32Array(BLOCK_COLUMNS);
  for (let block = 0; block < layout.blocks; block++) {
    const column = block * BLOCK_COLUMNS;
    const at = outOffset + column;
    if (column + BLOCK_COLUMNS <= columns) {
      reader.readBlockRow(row, block, out, at);
    } else {
      reader.readBlockRow(row, block, lastBlock, 0);
      out.set(lastBlock.subarray(0, columns - column), at);
    }
  }
}
