import { workgroupsFor } from '../../gpu/grid';
import type { Launch, WgslSource } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import f16Codes from '../shared/f16Codes.wgsl?raw';
import f16Halves from '../shared/f16Halves.wgsl?raw';
import { repeatLines } from '../shared/repeatLines';
import { source } from '../shared/source';
import { SPLIT_BYTES } from '../shared/splitBytes';
import { STEP } from '../shared/step';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import f16Matmul from './f16Matmul.wgsl?raw';
import f32Matmul from './f32Matmul.wgsl?raw';
import int8Matmul from './int8Matmul.wgsl?raw';
import matmulRows from './matmulRows.wgsl?raw';
import matrixUnitMatmul from './matrixUnitMatmul.wgsl?raw';
import registerMatmul from './registerMatmul.wgsl?raw';
import sizesText from './sizes.wgsl?raw';
import stagedMatmul from './stagedMatmul.wgsl?raw';
import subgroupMatmul from './subgroupMatmul.wgsl?raw';
import text from './matmul.wgsl?raw';

/** Sizes of the matrices that a device's matrix units multiply, [m, k] · [k, n], adding up in f32, and the type of their elements. */
export interface MatrixUnit {
  m: 8 | 16;
  n: 8 | 16;
  k: 8 | 16 | 32;
  element: 'f16' | 'f32';
}

export interface MatmulShape {
  format: MatrixFormat;
  /** The rows of the matrix that this shard holds. */
  rowStart: number;
  rows: number;
  columns: number;
  /** Row stride of `out` in floats. */
  outWidth: number;
  variant: KernelVariant;
  /** For the variant subgroup-matrix: one that the adapter lists. */
  matrixUnit?: MatrixUnit;
}

/** The form of a variant: its sources, and the activation and weight rows of a workgroup. */
interface Form {
  sources: readonly WgslSource[];
  xRows: number;
  tiles: number;
}

const ROWS = source('matmulRows.wgsl', matmulRows);

/** The variant that multiplies by weights of this format where `wanted` is asked for. */
export function matmulVariant(format: MatrixFormat, wanted: KernelVariant, matrixUnit?: MatrixUnit): KernelVariant {
  switch (wanted) {
    case 'f16':
      return format === 'f32' ? 'f32' : 'f16';
    case 'int8':
      return format === 'f32' || format === 'f16' ? 'f32' : 'int8';
    case 'subgroup-matrix':
      return matrixUnit && format !== 'f32' ? 'subgroup-matrix' : 'f32';
    default:
      return wanted;
  }
}

function form(variant: KernelVariant, format: MatrixFormat, unit: MatrixUnit | undefined): Form {
  const plain = (file: string, own: string): Form => ({
    sources: [...[source('matmul.wgsl', text), source(file, own)].map((each) => repeatLines(each, { m: 8 })), ROWS],
    xRows: 64,
    tiles: 1,
  });
  const staged = (...own: WgslSource[]): Form => ({
    sources: [repeatLines(source('stagedMatmul.wgsl', stagedMatmul), { m: 4 }), ...own],
    xRows: 64,
    tiles: 2,
  });
  switch (variant) {
    case 'f32':
      return plain('f32Matmul.wgsl', f32Matmul);
    case 'subgroups':
      return plain('subgroupMatmul.wgsl', subgroupMatmul);
    case 'registers': {
      const sources = [repeatLines(source('registerMatmul.wgsl', registerMatmul), { m: 4 }), ROWS];
      return { sources, xRows: 16, tiles: 8 };
    }
    case 'f16': {
      const codes = format === 'f16' ? source('f16Halves.wgsl', f16Halves) : source('f16Codes.wgsl', f16Codes);
      return staged(source('f16Matmul.wgsl', f16Matmul), codes);
    }
    case 'int8':
      return staged(source('int8Matmul.wgsl', int8Matmul), SPLIT_BYTES);
    case 'subgroup-matrix': {
      return { sources: matrixUnitSources(unit!), xRows: 64, tiles: unit!.element === 'f16' ? 2 : 1 };
    }
  }
}

/** The shader for a matrix unit, and what it is to declare. Halves hold activations up to 2¹⁸, and weights up to 2¹⁰. */
function matrixUnitSources({ m, n, k, element }: MatrixUnit): WgslSource[] {
  // Floats take twice the memory, so that half as many weight rows are staged. Rows are set off from each other, so that
  // their columns lie in different banks of it.
  const [weightRows, stride] = element === 'f16' ? [64, 40] : [32, 36];
  const [largest, xUnit, weightUnit] = element === 'f16' ? [65504, 0.25, 64] : [3e38, 1, 1];
  const sizes = { UNIT_M: m, UNIT_N: n, UNIT_K: k, WEIGHT_ROWS: weightRows, STRIDE: stride };
  const numbers = { LARGEST_ELEMENT: largest, X_UNIT: xUnit, WEIGHT_UNIT: weightUnit };
  const declarations = [
    `alias Element = ${element};`,
    ...Object.entries(sizes).map(([name, size]) => `const ${name} = ${size}u;`),
    ...Object.entries(numbers).map(([name, number]) => `const ${name} = f32(${number});`),
  ];
  const counts = { x: 4, w: weightRows / 16, m: weightRows / 2 / m, n: 32 / n, k: 32 / k };
  const shader = source('matrixUnitMatmul.wgsl', matrixUnitMatmul);
  return [repeatLines(shader, counts), source('matmul.ts', `${declarations.join('\n')}\n`)];
}

const SIZES = source('sizes.wgsl', sizesText);

/** Activation rows times one shard of a packed matrix. Bindings: step, weights, x, out, and sizes.wgsl. */
export function matmul({ format, rowStart, rows, columns, outWidth, variant, matrixUnit }: MatmulShape): Launch {
  const { tiles, blocks, tileBytes } = matrixLayout(format, rows, columns);
  const used = matmulVariant(format, variant, matrixUnit);
  const { sources, xRows, tiles: workgroupTiles } = form(used, format, matrixUnit);
  return {
    kernel: {
      name: `matmul ${format} ${used}`,
      sources: [...sources, SIZES, STEP, ...WEIGHT_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage', 'uniform'],
    },
    constants: {},
    sizes: [blocks, tiles, tileBytes / 16, rowStart, outWidth],
    grid: (activationRows) => [workgroupsFor(tiles, workgroupTiles), workgroupsFor(activationRows, xRows), 1],
  };
}
