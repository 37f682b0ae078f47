import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageConfigFromJson, type ImageConfig } from '../checkpoint/imageConfig';
import { hasOracle, ORACLE } from '../testing/oracle';
import { planSlices } from './slicing';

const V2 = imageConfigFromJson({ architectures: ['MiniCPMV'], slice_mode: true }, null)!;
const V4_6 = imageConfigFromJson({ architectures: ['MiniCPMV4_6ForConditionalGeneration'] }, null)!;

/** Width × height, overview, columns × rows, slice. */
type Row = [[number, number], [number, number], [number, number]?, [number, number]?];

function rowOf([width, height]: [number, number], config: ImageConfig, maxSlices?: number): Row {
  const { overview, slices } = planSlices({ width, height }, config, maxSlices);
  const row: Row = [
    [width, height],
    [overview.width, overview.height],
  ];
  if (slices !== null) row.push([slices.columns, slices.rows], [slices.tile.width, slices.tile.height]);
  return row;
}

const ROWS: Row[] = [
  [
    [448, 448],
    [448, 448],
  ],
  [
    [100, 100],
    [448, 448],
  ],
  [
    [1, 1],
    [448, 448],
  ],
  [
    [640, 480],
    [518, 392],
    [2, 1],
    [364, 546],
  ],
  [
    [800, 600],
    [518, 392],
    [2, 2],
    [518, 392],
  ],
  [
    [1000, 1000],
    [448, 448],
    [2, 2],
    [448, 448],
  ],
  [
    [1920, 1080],
    [602, 336],
    [4, 2],
    [420, 476],
  ],
  [
    [1080, 1920],
    [336, 602],
    [2, 4],
    [476, 420],
  ],
  [
    [3000, 400],
    [1218, 168],
    [7, 1],
    [462, 434],
  ],
  [
    [4000, 3000],
    [518, 392],
    [3, 3],
    [518, 392],
  ],
  [
    [1344, 448],
    [770, 252],
    [3, 1],
    [448, 448],
  ],
  [
    [449, 448],
    [448, 448],
    [2, 1],
    [322, 630],
  ],
  [
    [300, 2000],
    [168, 1162],
    [1, 4],
    [350, 574],
  ],
];

test.each(ROWS)('%j is cut as the authors cut it', (...row) => {
  expect(rowOf(row[0], V2)).toEqual(row);
});

test('fewer slices may be asked for', () => {
  expect(rowOf([4000, 3000], V2, 1)).toEqual([
    [4000, 3000],
    [518, 392],
  ]);
  expect(rowOf([4000, 3000], V2, 4)).toEqual([
    [4000, 3000],
    [518, 392],
    [2, 2],
    [518, 392],
  ]);
});

test('where two grids fit equally well, the last bit of a logarithm decides, as with the authors', () => {
  expect(rowOf([5148, 1716], V4_6, 36).slice(2)).toEqual([
    [12, 3],
    [392, 504],
  ]);
  expect(rowOf([2112, 1056], V4_6, 36).slice(2)).toEqual([
    [4, 3],
    [560, 392],
  ]);
});

test('a line of pixels keeps a tile of one patch in height', () => {
  expect(rowOf([65_535, 1], V2)).toEqual([
    [65_535, 1],
    [65_534, 14],
  ]);
});

interface Golden {
  size_wh: [number, number];
  overview_wh: [number, number];
  grid_cols_rows?: [number, number] | null;
  grid_rows_cols?: [number, number] | null;
  slice_wh: [number, number] | null;
  max_slice_nums?: number;
}

describe.skipIf(!hasOracle)('all sizes of the oracle (skipped where the oracle is absent)', () => {
  const goldens = hasOracle ? JSON.parse(readFileSync(`${ORACLE}/slicing.json`, 'utf8')) : {};
  test.each([
    ['minicpmv_2', V2],
    ['minicpmv_4_6', V4_6],
  ])('%s', (name, config) => {
    const rows = goldens[name] as Golden[];
    expect(rows.length).toBeGreaterThan(50);
    for (const golden of rows) {
      const grid = golden.grid_cols_rows ?? golden.grid_rows_cols?.toReversed();
      const expected = [golden.size_wh, golden.overview_wh, ...(grid ? [grid, golden.slice_wh] : [])];
      expect(rowOf(golden.size_wh, config, golden.max_slice_nums)).toEqual(expected);
    }
  });
});
