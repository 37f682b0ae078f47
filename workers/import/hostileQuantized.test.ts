import 'fake-indexeddb/auto';
import { describe, test } from 'vitest';
import type { JsonObject } from '../checkpoint/json';
import { expectRefused, expectRefusedOrRight, importModel } from '../testing/importing';
import type { QuantizedOptions } from '../testing/quantizedCheckpoint';
import { half, quantizedCheckpoint, quantizedFolder } from '../testing/quantizedCheckpoint';
import { Random } from '../testing/random';
import type { RawTensor } from '../testing/safetensorsFile';
import { rawSafetensorsFile } from '../testing/safetensorsFile';
import { jsonFile, testFile } from '../testing/tinyCheckpoint';

const PLACE = /model\.safetensors/;
const MODULES = ['layers.0.self_attn.q_proj', 'layers.0.mlp.gate_proj', 'layers.1.mlp.down_proj'];

const ELEMENT_BYTES: Record<string, number> = { F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, I64: 8, F64: 8, I8: 1 };

/** The same tensor with another shape or dtype, and the bytes that these take. */
function resized(tensor: RawTensor, shape: number[], dtype = tensor.dtype): RawTensor {
  const bytes = new Uint8Array(shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]!));
  bytes.set(tensor.bytes.subarray(0, bytes.length));
  return { ...tensor, dtype, shape, bytes };
}

const isFloat = ({ dtype }: RawTensor) => dtype === 'F16';

/** What can be wrong with one part of a matrix; null where it does not apply. */
const DAMAGES: [string, (tensor: RawTensor) => RawTensor | null][] = [
  ['64-bit numbers', (tensor) => resized(tensor, tensor.shape, isFloat(tensor) ? 'F64' : 'I64')],
  ['numbers of another kind', (tensor) => resized(tensor, tensor.shape, isFloat(tensor) ? 'I32' : 'F32')],
  ['bytes', (tensor) => resized(tensor, tensor.shape, 'I8')],
  ['a row too few', (tensor) => resized(tensor, [Math.max(1, tensor.shape[0]! - 1), ...tensor.shape.slice(1)])],
  ['a row too many', (tensor) => resized(tensor, [tensor.shape[0]! + 1, ...tensor.shape.slice(1)])],
  ['a single row', (tensor) => resized(tensor, [1, ...tensor.shape.slice(1)])],
  ['twice its rows', (tensor) => resized(tensor, [tensor.shape[0]! * 2, ...tensor.shape.slice(1)])],
  [
    'a column too many',
    ({ shape, ...tensor }) => (shape.length < 2 ? null : resized({ shape, ...tensor }, [shape[0]!, shape[1]! + 1])),
  ],
  [
    'half its columns',
    ({ shape, ...tensor }) => (shape.length < 2 ? null : resized({ shape, ...tensor }, [shape[0]!, shape[1]! / 2])),
  ],
  [
    'twice its columns',
    ({ shape, ...tensor }) => (shape.length < 2 ? null : resized({ shape, ...tensor }, [shape[0]!, shape[1]! * 2])),
  ],
  [
    'rows for columns',
    ({ shape, ...tensor }) =>
      shape[0] === shape[1] ? null : { ...tensor, shape: shape.length < 2 ? [...shape, 1] : shape.toReversed() },
  ],
  [
    'one dimension',
    ({ shape, ...tensor }) => ({ ...tensor, shape: shape.length < 2 ? [1, ...shape] : [shape[0]! * shape[1]!] }),
  ],
  [
    'three dimensions',
    ({ shape, ...tensor }) => ({ ...tensor, shape: shape.length < 2 ? [1, 1, ...shape] : [...shape, 1] }),
  ],
  ['another name', (tensor) => ({ ...tensor, name: `${tensor.name}s` })],
  ['another matrix', (tensor) => ({ ...tensor, name: tensor.name.replace('layers.', 'layers.9') })],
];

const FORMATS: { options: QuantizedOptions; parts: string[] }[] = [
  { options: { method: 'gptq', groupSize: 32 }, parts: ['qweight', 'qzeros', 'scales', 'g_idx'] },
  { options: { method: 'awq', groupSize: 32 }, parts: ['qweight', 'qzeros', 'scales'] },
  { options: { method: 'mlx', groupSize: 32 }, parts: ['weight', 'scales', 'biases'] },
];

describe.each(FORMATS)('a checkpoint of $options.method is refused', ({ options, parts }) => {
  const { tensors, config } = quantizedCheckpoint(options);

  const replaced = (name: string, change: (tensor: RawTensor) => RawTensor[]) =>
    quantizedFolder(
      config,
      tensors.flatMap((tensor) => (tensor.name === name ? change(tensor) : [tensor])),
    );

  const names = MODULES.flatMap((module) => parts.map((part) => `model.${module}.${part}`));

  describe.each(names)('where %s', (name) => {
    const tensor = tensors.find((candidate) => candidate.name === name)!;
    const damages = DAMAGES.flatMap(([what, change]): [string, RawTensor][] => {
      const damaged = change(tensor);
      return damaged ? [[what, damaged]] : [];
    });
    test.each(damages)('has %s', (_what, damaged) =>
      expectRefused(
        replaced(name, () => [damaged]),
        PLACE,
      ),
    );
  });

  // Without g_idx, groups follow each other.
  test.each(names.filter((name) => !name.endsWith('.g_idx')))('where %s is missing', (name) =>
    expectRefused(
      replaced(name, () => []),
      PLACE,
    ),
  );

  test('where a matrix is there in full, too', () => {
    const norm = half('model.layers.0.self_attn.q_proj.weight', [384, 128], new Float32Array(384 * 128));
    const isIt = options.method === 'mlx';
    return expectRefused(
      quantizedFolder(config, [...tensors, isIt ? { ...norm, name: 'model.layers.0.self_attn.q_proj.qweight' } : norm]),
      PLACE,
    );
  });

  test('where a layer has a bias', () => {
    const bias = half('model.layers.0.self_attn.q_proj.bias', [384], new Float32Array(384).fill(1));
    return expectRefused(quantizedFolder(config, [...tensors, bias]), /bias/);
  });

  test('without a word of how it was quantised', () => {
    const { quantization_config: _gptq, quantization: _mlx, ...rest } = config;
    return expectRefused(quantizedFolder(rest, tensors), /does not say how/, ['UnsupportedError']);
  });

  describe('or imported right with one byte of its header damaged', () => {
    const file = rawSafetensorsFile(tensors);
    const headerEnd = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const random = new Random(5);
    const damages = Array.from({ length: 120 }, () => [random.below(headerEnd), 1 << random.below(8)] as const);
    const others = quantizedFolder(config, tensors).slice(0, -1);
    const whole = importModel([...others, testFile('model.safetensors', file)]);

    test.each(damages)('at %i, bits %i', (at, bits) => {
      const damaged = file.slice();
      damaged[at]! ^= bits;
      return expectRefusedOrRight([...others, testFile('model.safetensors', damaged)], PLACE, whole);
    });
  });
});

describe('a configuration is refused', () => {
  const { tensors, config } = quantizedCheckpoint({ method: 'gptq', groupSize: 32 });
  const withQuantization = (quantization: unknown, more: JsonObject = {}) =>
    quantizedFolder({ ...config, quantization_config: quantization, ...more }, tensors);

  test.each<[string, unknown, RegExp]>([
    ['a text', 'gptq', /not an object/],
    ['a list', [], /not an object/],
    ['no method that is known', { quant_method: 'bitsandbytes', load_in_4bit: true }, /BITSANDBYTES/],
    ['compressed tensors', { quant_method: 'compressed-tensors' }, /COMPRESSED-TENSORS/],
    ['a method from the prototype', { quant_method: 'constructor' }, /CONSTRUCTOR/],
    ['a number as method', { quant_method: 4 }, /quant_method/],
    ['8 bits', { quant_method: 'gptq', bits: 8, group_size: 32 }, /GPTQ weights of 8 bits/],
    ['3 bits', { quant_method: 'gptq', bits: 3, group_size: 32 }, /GPTQ weights of 3 bits/],
    ['no bits', { quant_method: 'gptq', bits: 0, group_size: 32 }, /bits/],
    ['half a bit', { quant_method: 'gptq', bits: 4.5, group_size: 32 }, /bits/],
    ['a text as bits', { quant_method: 'gptq', bits: '4', group_size: 32 }, /bits/],
    ['Marlin', { quant_method: 'gptq', bits: 4, group_size: 32, is_marlin_format: true }, /marlin/],
    ['Marlin by its format', { quant_method: 'gptq', bits: 4, group_size: 32, checkpoint_format: 'marlin' }, /marlin/],
    ['a format to come', { quant_method: 'gptq', bits: 4, group_size: 32, checkpoint_format: 'gptq_v3' }, /gptq_v3/],
    ['groups of nothing', { quant_method: 'gptq', bits: 4, group_size: 0 }, /group_size/],
    ['groups of less', { quant_method: 'gptq', bits: 4, group_size: -2 }, /group_size/],
    ['groups without end', { quant_method: 'gptq', bits: 4, group_size: 1e300 }, /group_size/],
    ['half a column', { quant_method: 'gptq', bits: 4, group_size: 31.5 }, /group_size/],
    ['a text as groups', { quant_method: 'gptq', bits: 4, group_size: '32' }, /group_size/],
    ['larger groups', { quant_method: 'gptq', bits: 4, group_size: 64 }, /has the shape/],
    ['smaller groups', { quant_method: 'gptq', bits: 4, group_size: 16 }, /has the shape/],
    ['one group', { quant_method: 'gptq', bits: 4, group_size: -1 }, /has the shape/],
    ['AWQ', { quant_method: 'awq', bits: 4, group_size: 32, version: 'gemm' }, /model\.safetensors/],
    ['AWQ in another order', { quant_method: 'awq', bits: 4, group_size: 32, version: 'gemv' }, /gemv/],
    ['AWQ of 8 bits', { quant_method: 'awq', bits: 8, group_size: 32 }, /AWQ weights of 8 bits/],
  ])('that states %s', (_name, quantization, place) => expectRefused(withQuantization(quantization), place));

  test.each<[string, unknown, RegExp]>([
    ['8 bits', { bits: 8, group_size: 32 }, /MLX weights of 8 bits/],
    ['another mode', { bits: 4, group_size: 32, mode: 'mxfp4' }, /mxfp4/],
    ['a number', 4, /not an object/],
  ])("that states %s in MLX's words", (_name, quantization, place) =>
    expectRefused(quantizedFolder({ ...config, quantization }, tensors), place),
  );

  test('whose quantize_config.json contradicts it', () => {
    const other = jsonFile('quantize_config.json', { bits: 4, group_size: 32, checkpoint_format: 'exllama' });
    const { checkpoint_format: _unsaid, ...stated } = config.quantization_config as JsonObject;
    return expectRefused([...withQuantization(stated), other], /exllama/);
  });
});
