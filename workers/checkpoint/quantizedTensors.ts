import { engineError } from '../errors';
import type { QuantizationScheme } from './quantizationConfig';
import type { StoredTensor } from './storedTensor';

/** A stored tensor, `file` being the index of its file among the checkpoint's weight files. */
export interface FiledTensor extends StoredTensor {
  file: number;
}

/** The tensors of a matrix that GPTQ or AWQ has quantised: see quant/transposedInt4.ts. */
export interface TransposedParts {
  order: 'gptq' | 'awq';
  codes: FiledTensor;
  zeros: FiledTensor;
  scales: FiledTensor;
  /** g_idx, where there is one. */
  groupIndex: FiledTensor | null;
  /** Must be zero throughout. */
  bias: FiledTensor | null;
  /** Columns of a group, without a g_idx. */
  groupColumns: number;
  groupCount: number;
  zeroOffset: 0 | 1;
}

/** The tensors of a matrix that MLX has quantised, each [rows, …]: weight = scale·code + bias. */
export interface RowParts {
  order: 'mlx';
  codes: FiledTensor;
  scales: FiledTensor;
  biases: FiledTensor;
  groupColumns: number;
}

export type QuantizedParts = TransposedParts | RowParts;

/** A matrix in several tensors. */
export interface QuantizedTensor {
  /** What the matrix would be called in a checkpoint that is not quantised. */
  name: string;
  shape: [number, number];
  parts: QuantizedParts;
}

/** A matrix whose columns lie apart is read as a whole before its rows can be put together. */
const MAX_TRANSPOSED_BYTES = 64 << 20;

/** Columns that are packed together; every published group has as many or a multiple. */
const BLOCK_COLUMNS = 32;
const CODES_PER_WORD = 8;
const FLOATS = ['F16', 'BF16', 'F32'];
const WORDS = ['I32', 'U32'];

/**
 * Puts together what belongs to one matrix, and leaves `plain` what is a tensor by itself. `scheme` is how the checkpoint
 * says that it was quantised, null where it says nothing; `fileNames` are for messages. Throws InvalidFileError naming a
 * tensor whose shape does not fit, and UnsupportedError for what this engine cannot read.
 */
export function quantizedTensors(
  tensors: FiledTensor[],
  scheme: QuantizationScheme | null,
  fileNames: string[],
): { plain: FiledTensor[]; quantized: QuantizedTensor[] } {
  const remaining = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const quantized: QuantizedTensor[] = [];
  for (const tensor of tensors) {
    const place = `${fileNames[tensor.file]}, tensor "${tensor.name}"`;
    const take = (suffix: string): FiledTensor | null => {
      const name = baseName(tensor.name) + suffix;
      const part = remaining.get(name) ?? null;
      remaining.delete(name);
      return part;
    };
    if (tensor.name.endsWith('.qweight')) {
      if (scheme?.method !== 'gptq' && scheme?.method !== 'awq') throw undescribed(place);
      quantized.push(transposedTensor(scheme, take, place));
    } else if (tensor.name.endsWith('.weight') && WORDS.includes(tensor.dtype) && tensor.shape.length === 2) {
      if (scheme?.method !== 'mlx') throw undescribed(place);
      quantized.push(mlxTensor(scheme, take, place));
    }
  }
  return { plain: [...remaining.values()], quantized };
}

type Take = (suffix: string) => FiledTensor | null;

function transposedTensor(
  scheme: Extract<QuantizationScheme, { method: 'gptq' | 'awq' }>,
  take: Take,
  place: string,
): QuantizedTensor {
  const isGptq = scheme.method === 'gptq';
  const codes = take('.qweight')!;
  requireType(codes, WORDS, 2, place);
  const [first, second] = codes.shape as [number, number];
  const [columns, rows] = isGptq ? [first * CODES_PER_WORD, second] : [first, second * CODES_PER_WORD];
  requireColumns(columns, place);
  if (rows % CODES_PER_WORD !== 0) throw invalid(place, `its ${rows} rows are not a multiple of ${CODES_PER_WORD}`);
  const scales = required(take('.scales'), 'scales', place);
  const zeros = required(take('.qzeros'), 'qzeros', place);
  const { groupColumns, groupCount } = groupsOf(scheme.groupSize, columns, scales, place);
  requireShape(scales, FLOATS, [groupCount, rows], place);
  requireShape(zeros, WORDS, [groupCount, rows / CODES_PER_WORD], place);
  const groupIndex = isGptq ? take('.g_idx') : null;
  if (groupIndex) requireShape(groupIndex, WORDS, [columns], place);
  const bias = take('.bias');
  if (bias) requireShape(bias, FLOATS, [rows], place);
  if (Math.max(codes.bytes, scales.bytes) > MAX_TRANSPOSED_BYTES) {
    const reason = `it takes ${codes.bytes} bytes; of ${scheme.method.toUpperCase()}, matrices up to ${MAX_TRANSPOSED_BYTES} are supported`;
    throw unsupported(place, reason);
  }
  const zeroOffset = scheme.method === 'gptq' ? scheme.zeroOffset : 0;
  return {
    name: codes.name.replace(/qweight$/, 'weight'),
    shape: [rows, columns],
    parts: { order: scheme.method, codes, zeros, scales, groupIndex, bias, groupColumns, groupCount, zeroOffset },
  };
}

function mlxTensor(scheme: Extract<QuantizationScheme, { method: 'mlx' }>, take: Take, place: string): QuantizedTensor {
  const codes = take('.weight')!;
  requireType(codes, WORDS, 2, place);
  const [rows, words] = codes.shape as [number, number];
  const columns = words * CODES_PER_WORD;
  requireColumns(columns, place);
  const scales = required(take('.scales'), 'scales', place);
  const biases = required(take('.biases'), 'biases', place);
  requireType(scales, FLOATS, 2, place);
  const groupCount = scales.shape[1]!;
  const groupColumns = scheme.groupSize ?? columns / groupCount;
  // Matrices of other numbers of bits have as many scales and other codes.
  if (groupCount * groupColumns !== columns || groupColumns % BLOCK_COLUMNS !== 0) {
    const reason = `${columns} columns of 4 bits do not fit ${groupCount} groups of ${groupColumns}; other numbers of bits are not supported`;
    throw unsupported(place, reason);
  }
  requireShape(scales, FLOATS, [rows, groupCount], place);
  requireShape(biases, [scales.dtype], [rows, groupCount], place);
  return { name: codes.name, shape: [rows, columns], parts: { order: 'mlx', codes, scales, biases, groupColumns } };
}

function groupsOf(stated: number | null, columns: number, scales: FiledTensor, place: string) {
  requireType(scales, FLOATS, 2, place);
  const groupColumns = stated === -1 ? columns : (stated ?? Math.ceil(columns / scales.shape[0]!));
  return { groupColumns, groupCount: Math.ceil(columns / groupColumns) };
}

function baseName(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

function required(part: FiledTensor | null, name: string, place: string): FiledTensor {
  if (part) return part;
  throw invalid(place, `there are no ${name} with it`);
}

function requireColumns(columns: number, place: string): void {
  if (columns % BLOCK_COLUMNS === 0) return;
  throw unsupported(place, `${columns} columns of 4 bits are not supported, only multiples of ${BLOCK_COLUMNS}`);
}

function requireShape(part: FiledTensor, dtypes: string[], shape: number[], place: string): void {
  requireType(part, dtypes, shape.length, place);
  if (part.shape.every((size, i) => size === shape[i])) return;
  throw invalid(place, `"${part.name}" has the shape [${part.shape.join(', ')}] where [${shape.join(', ')}] fits`);
}

function requireType(part: FiledTensor, dtypes: string[], dimensions: number, place: string): void {
  if (dtypes.includes(part.dtype) && part.shape.length === dimensions) return;
  const wanted = `${dtypes.join(' or ')} in ${dimensions} dimensions`;
  throw invalid(place, `"${part.name}" is ${part.dtype} [${part.shape.join(', ')}], not ${wanted}`);
}

function undescribed(place: string): Error {
  return unsupported(place, 'it is quantised, but the configuration does not say how (no quantization_config)');
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}

function unsupported(place: string, reason: string): Error {
  return engineError('UnsupportedError', `${place}: ${reason}.`);
}
