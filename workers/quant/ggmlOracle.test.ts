import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nmse } from '../testing/allclose';
import type { GgmlType } from './ggml';
import { dequantizeGgml, GGML_TYPES, ggmlFormat, repackGgmlTile } from './ggml';
import { matrixLayout, TILE_ROWS } from './layout';
import { unpackMatrix } from './unpack';

/** Files of one model, written by llama.cpp's own quantiser. */
const FOLDER = join(import.meta.dirname, '../../../shared/oracle/tiny-minicpm-2b/gguf');

interface StoredTensor {
  type: GgmlType;
  columns: number;
  rows: number;
  bytes: Uint8Array;
}

const SCALAR_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

/** The least of GGUF that finds the tensors: header, metadata (skipped), tensor table, aligned contents. */
function readTensors(file: Buffer): Map<string, StoredTensor> {
  let at = 8;
  const number32 = () => file.readUInt32LE((at += 4) - 4);
  const number64 = () => Number(file.readBigUInt64LE((at += 8) - 8));
  const text = () => {
    const length = number64();
    return file.toString('utf8', at, (at += length));
  };
  const skipValue = (type: number): void => {
    if (type === 8) text();
    else if (type !== 9) at += SCALAR_BYTES[type]!;
    else {
      const elementType = number32();
      for (let left = number64(); left > 0; left--) skipValue(elementType);
    }
  };
  const tensorCount = number64();
  for (let left = number64(); left > 0; left--) {
    text();
    skipValue(number32());
  }
  const table = Array.from({ length: tensorCount }, () => {
    const name = text();
    const shape = Array.from({ length: number32() }, number64);
    return { name, shape, type: GGML_TYPES[number32()]!, offset: number64() };
  });
  const contents = Math.ceil(at / 32) * 32;
  return new Map(
    table.map(({ name, shape: [columns = 1, rows = 1], type, offset }) => {
      const start = contents + offset;
      const length = ((columns * rows) / type.blockSize) * type.blockBytes;
      return [name, { type, columns, rows, bytes: file.subarray(start, start + length) }];
    }),
  );
}

const fileTensors = (name: string) => readTensors(readFileSync(join(FOLDER, name)));
const values = ({ type, bytes, rows, columns }: StoredTensor) => dequantizeGgml(type, bytes, rows * columns);

function repackedValues({ type, bytes, rows, columns }: StoredTensor): Float32Array {
  const format = ggmlFormat(type);
  if (format === 'float') throw new Error(`${type.name} has no codes`);
  const layout = matrixLayout(format, rows, columns);
  const packed = new Uint8Array(layout.bytes);
  const rowBytes = bytes.length / rows;
  for (let tile = 0; tile < layout.tiles; tile++) {
    const first = tile * TILE_ROWS;
    const last = Math.min(rows, first + TILE_ROWS);
    const part = bytes.subarray(first * rowBytes, last * rowBytes);
    repackGgmlTile(type, part, last - first, columns, packed, tile * layout.tileBytes);
  }
  return unpackMatrix(format, packed, rows, columns);
}

/** Relative RMS error of llama.cpp's quantisation of Gaussian weights, with little room above what it is. */
const LARGEST_ERROR: Record<string, number> = {
  Q4_0: 0.088,
  Q4_1: 0.08,
  Q4_K: 0.073,
  Q5_0: 0.0435,
  Q5_1: 0.0385,
  Q5_K: 0.037,
  Q6_K: 0.0182,
  Q8_0: 0.0055,
};

/** Where scales are products of two factors they are rounded to h16; everything else is kept. */
const LARGEST_REPACK_ERROR: Record<string, number> = { Q5_K: 2.3e-4, Q6_K: 2.1e-4 };

describe.skipIf(!existsSync(FOLDER))('files written by llama.cpp (skipped without ../shared/oracle)', () => {
  const seen = new Set<string>();

  const quantised = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => !name.includes('.F16.')) : [];
  test.each(quantised)('%s holds the tensors of the F16 file within its quantisation error', (name) => {
    const exact = fileTensors('tiny-minicpm-2b.F16.gguf');
    for (const [tensorName, tensor] of fileTensors(name)) {
      const limit = LARGEST_ERROR[tensor.type.name];
      if (limit === undefined) continue;
      seen.add(tensor.type.name);
      const label = `${tensorName} (${tensor.type.name})`;
      expect(Math.sqrt(nmse(values(tensor), values(exact.get(tensorName)!))), label).toBeLessThan(limit);
      const repackError = Math.sqrt(nmse(repackedValues(tensor), values(tensor)));

      expect(repackError, `${label} repacked`).toBeLessThanOrEqual(LARGEST_REPACK_ERROR[tensor.type.name] ?? 0);
    }
  });

  test('every supported type occurs in them', () => {
    expect([...seen].sort()).toEqual(Object.keys(LARGEST_ERROR).sort());
  });
});
