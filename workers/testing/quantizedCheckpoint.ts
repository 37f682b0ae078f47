import type { JsonObject } from '../checkpoint/json';
import { float16ToFloat32, float32ToFloat16 } from '../quant/half';
import { Random } from './random';
import type { RawTensor, TestTensor } from './safetensorsFile';
import { rawSafetensorsFile } from './safetensorsFile';
import { huggingFaceTensors, jsonFile, testFile, tinyConfig, tinyFolder, tinyWeights } from './tinyCheckpoint';

/** Sizes that groups of 128 fit, and of which each is another. */
export const QUANTIZED_CONFIG = {
  hidden_size: 128,
  intermediate_size: 256,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 64,
};

export interface QuantizedOptions {
  method: 'gptq' | 'gptq_v2' | 'awq' | 'mlx';
  /** Columns of a group; −1 for all. */
  groupSize: number;
  /** All zeros are 8. */
  isSymmetric?: boolean;
  /** Columns go to groups at random, as those of GPTQ's act-order do; 'blocks' moves 32 at a time. */
  order?: 'columns' | 'blocks';
  vocabSize?: number;
}

export interface QuantizedCheckpoint {
  files: File[];
  tensors: RawTensor[];
  config: JsonObject;
  /** What the weights are, by our names, in double precision. */
  weights: Map<string, Float64Array>;
}

/** A checkpoint of random 4-bit codes, packed as the definition of its format says, one nibble at a time. */
export function quantizedCheckpoint(options: QuantizedOptions, seed = 7): QuantizedCheckpoint {
  const random = new Random(seed);
  const config = {
    ...tinyConfig({ ...QUANTIZED_CONFIG, vocab_size: options.vocabSize ?? 275 }),
    ...quantizationConfig(options),
  };
  const own = tinyWeights(config);
  const named = huggingFaceTensors(own);
  const weights = new Map<string, Float64Array>();
  const tensors = named.flatMap((tensor, i): RawTensor[] => {
    const isVocabulary = own[i]!.name === 'embedTokens';
    if (tensor.shape.length === 1 || (isVocabulary && options.method !== 'mlx')) {
      const halves = tensor.values.map(asHalf);
      weights.set(own[i]!.name, Float64Array.from(halves));
      return [half(tensor.name, tensor.shape, halves)];
    }
    const matrix = randomMatrix(tensor.shape as [number, number], options, random);
    weights.set(own[i]!.name, dequantized(matrix));
    return pack(tensor.name.replace(/\.weight$/, ''), matrix, options);
  });
  // The order in which safetensors are written: wide elements first, then by name.
  const width = ({ dtype }: RawTensor) => (dtype === 'F16' ? 2 : 4);
  tensors.sort((a, b) => width(b) - width(a) || (a.name < b.name ? -1 : 1));
  return { files: quantizedFolder(config, tensors), tensors, config, weights };
}

/** The files of a checkpoint of these tensors. */
export function quantizedFolder(config: JsonObject, tensors: RawTensor[]): File[] {
  const others = tinyFolder(config).filter(({ name }) => name !== 'config.json' && name !== 'model.safetensors');
  return [jsonFile('config.json', config), ...others, testFile('model.safetensors', rawSafetensorsFile(tensors))];
}

function quantizationConfig({ method, groupSize, isSymmetric = false, order }: QuantizedOptions): JsonObject {
  if (method === 'mlx') return { quantization: { group_size: groupSize, bits: 4 } };
  if (method === 'awq') {
    const stated = { quant_method: 'awq', bits: 4, group_size: groupSize, zero_point: true, version: 'gemm' };
    return { quantization_config: stated };
  }
  const stated = {
    quant_method: 'gptq',
    bits: 4,
    group_size: groupSize,
    desc_act: order !== undefined,
    sym: isSymmetric,
  };
  return { quantization_config: { ...stated, checkpoint_format: method } };
}

/** weight[n, k] = scale[group(k), n]·code[n, k] + offset[group(k), n], but for MLX with offset = −scale·zero */
interface Matrix {
  rows: number;
  columns: number;
  groupCount: number;
  groups: number[];
  codes: Uint8Array;
  scales: Float32Array;
  zeros: Uint8Array;
  offsets: Float64Array;
}

function randomMatrix([rows, columns]: [number, number], options: QuantizedOptions, random: Random): Matrix {
  const groupColumns = options.groupSize === -1 ? columns : options.groupSize;
  const groupCount = Math.ceil(columns / groupColumns);
  const unit = options.order === 'blocks' ? 32 : 1;
  const places = shuffled(columns / unit, options.order === undefined ? null : random);
  const groups = Array.from({ length: columns }, (_, k) => {
    const column = places[Math.floor(k / unit)]! * unit + (k % unit);
    return Math.floor(column / groupColumns);
  });
  const scales = Float32Array.from({ length: groupCount * rows }, () => asHalf(0.001 + 0.01 * random.next()));
  const zeros = Uint8Array.from(scales, () => (options.isSymmetric ? 8 : random.below(16)));
  const offset = (scale: number, zero: number) => (options.method === 'mlx' ? asHalf(-scale * zero) : -scale * zero);
  return {
    rows,
    columns,
    groupCount,
    groups,
    codes: Uint8Array.from({ length: rows * columns }, () => random.below(16)),
    scales,
    zeros,
    offsets: Float64Array.from(scales, (scale, i) => offset(scale, zeros[i]!)),
  };
}

function shuffled(count: number, random: Random | null): number[] {
  const places = Array.from({ length: count }, (_, i) => i);
  if (random === null) return places;
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places;
}

function dequantized({ rows, columns, groups, codes, scales, offsets }: Matrix): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const [n, k] = [Math.floor(i / columns), i % columns];
    const group = groups[k]! * rows + n;
    return scales[group]! * codes[i]! + offsets[group]!;
  });
}

function pack(name: string, matrix: Matrix, { method, order }: QuantizedOptions): RawTensor[] {
  const { rows, columns, groupCount, groups, codes, scales, zeros } = matrix;
  const code = (k: number, n: number) => codes[n * columns + k]!;
  if (method === 'mlx') {
    const byRow = (value: (group: number) => number) =>
      Float32Array.from({ length: rows * groupCount }, (_, i) =>
        value((i % groupCount) * rows + Math.floor(i / groupCount)),
      );
    return [
      words(`${name}.weight`, 'U32', [rows, columns / 8], (n, word, i) => code(8 * word + i, n)),
      half(
        `${name}.scales`,
        [rows, groupCount],
        byRow((group) => scales[group]!),
      ),
      half(
        `${name}.biases`,
        [rows, groupCount],
        byRow((group) => matrix.offsets[group]!),
      ),
    ];
  }
  const scaleTensor = half(`${name}.scales`, [groupCount, rows], scales);
  if (method === 'awq') {
    const position = [0, 2, 4, 6, 1, 3, 5, 7];
    return [
      words(`${name}.qweight`, 'I32', [columns, rows / 8], (k, word, i) => code(k, 8 * word + position[i]!)),
      words(
        `${name}.qzeros`,
        'I32',
        [groupCount, rows / 8],
        (g, word, i) => zeros[g * rows + 8 * word + position[i]!]!,
      ),
      scaleTensor,
    ];
  }
  const less = method === 'gptq' ? 1 : 0;
  const hasOrder = order !== undefined || method === 'gptq';
  return [
    words(`${name}.qweight`, 'I32', [columns / 8, rows], (word, n, i) => code(8 * word + i, n)),
    words(
      `${name}.qzeros`,
      'I32',
      [groupCount, rows / 8],
      (g, word, i) => (zeros[g * rows + 8 * word + i]! - less) & 15,
    ),
    scaleTensor,
    ...(hasOrder ? [integers(`${name}.g_idx`, groups)] : []),
  ];
}

/** A matrix of words of 8 nibbles, the first in the lowest bits. */
function words(
  name: string,
  dtype: string,
  [rows, columns]: [number, number],
  nibble: (row: number, column: number, i: number) => number,
): RawTensor {
  const values = Uint32Array.from({ length: rows * columns }, (_, at) => {
    let word = 0;
    for (let i = 0; i < 8; i++) word += nibble(Math.floor(at / columns), at % columns, i) * 16 ** i;
    return word;
  });
  return { name, dtype, shape: [rows, columns], bytes: new Uint8Array(values.buffer) };
}

/** Whole numbers as a tensor. */
export function integers(name: string, values: number[]): RawTensor {
  return { name, dtype: 'I32', shape: [values.length], bytes: new Uint8Array(Int32Array.from(values).buffer) };
}

/** Floats as a tensor of halves. */
export function half(name: string, shape: number[], values: TestTensor['values']): RawTensor {
  const halves = Uint16Array.from(values, (value) => float32ToFloat16(value));
  return { name, dtype: 'F16', shape, bytes: new Uint8Array(halves.buffer) };
}

function asHalf(value: number): number {
  return float16ToFloat32(float32ToFloat16(value));
}
