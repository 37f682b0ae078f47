import { field, intField, message, type Message } from './protobuf';

/** Activations and scales: 32 or 16 bits. */
export type FloatType = 'f32' | 'f16';

export interface ProductsModel {
  /** Weight columns, and length of an activation row. */
  columns: number;
  /** Weight rows, and length of a result row. */
  rows: number;
  /** Activation rows. */
  tokens: number;
  /** Products of the same activations with different weights. */
  count: number;
  floats: FloatType;
  /** MatMulNBits' accuracy_level: 0 leaves the choice to the runtime, 4 lets it round activations to int8. */
  accuracyLevel: 0 | 4;
}

/** TensorProto.DataType */
const TYPES = { f32: 1, uint8: 2, f16: 10 };
/** AttributeProto.AttributeType */
const INT_ATTRIBUTE = 2;
const BLOCK_SIZE = 32;

/** Half of 1/64 in f16; in f32 the value itself. Any scale takes the same time. */
const F16_SCALE = 0x2400;
const F32_SCALE = 1 / 64;

/**
 * A model in ONNX format (onnx.proto3) of parallel com.microsoft.MatMulNBits nodes: 4 bits, blocks of 32, symmetric.
 * Input `x` [tokens, columns], outputs `y0`, `y1`, … [tokens, rows].
 */
export function productsModel({ columns, rows, tokens, count, floats, accuracyLevel }: ProductsModel): Message {
  const blocks = Math.ceil(columns / BLOCK_SIZE);
  const codes = new Uint8Array((rows * blocks * BLOCK_SIZE) / 2);
  for (let i = 0; i < codes.length; i++) codes[i] = (Math.imul(i, 2654435761) >>> 13) & 0xff;
  const scales =
    floats === 'f32' ? new Float32Array(rows * blocks).fill(F32_SCALE) : new Uint16Array(rows * blocks).fill(F16_SCALE);
  const attributes = { K: columns, N: rows, bits: 4, block_size: BLOCK_SIZE, accuracy_level: accuracyLevel };
  const numbers = Array.from({ length: count }, (_, i) => i);
  const graph = message(
    ...numbers.map((i) => field(1, node([`x`, `codes${i}`, `scales${i}`], `y${i}`, attributes))),
    field(2, 'products'),
    ...numbers.flatMap((i) => [
      field(5, tensor(`codes${i}`, TYPES.uint8, [rows, blocks, BLOCK_SIZE / 2], codes)),
      field(5, tensor(`scales${i}`, TYPES[floats], [rows * blocks], new Uint8Array(scales.buffer))),
    ]),
    field(11, valueInfo('x', TYPES[floats], [tokens, columns])),
    ...numbers.map((i) => field(12, valueInfo(`y${i}`, TYPES[floats], [tokens, rows]))),
  );
  const IR_VERSION = 8;
  const operators = (domain: string, version: number) => field(8, message(field(1, domain), intField(2, version)));
  return message(intField(1, IR_VERSION), field(7, graph), operators('', 17), operators('com.microsoft', 1));
}

/** NodeProto */
function node(inputs: string[], output: string, attributes: Record<string, number>): Message {
  return message(
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(3, output),
    field(4, 'MatMulNBits'),
    ...Object.entries(attributes).map(([name, value]) =>
      field(5, message(field(1, name), intField(3, value), intField(20, INT_ATTRIBUTE))),
    ),
    field(7, 'com.microsoft'),
  );
}

/** TensorProto */
function tensor(name: string, type: number, dimensions: number[], data: Uint8Array): Message {
  return message(...dimensions.map((size) => intField(1, size)), intField(2, type), field(8, name), field(9, data));
}

/** ValueInfoProto */
function valueInfo(name: string, type: number, dimensions: number[]): Message {
  const shape = message(...dimensions.map((size) => field(1, intField(1, size))));
  return message(field(1, name), field(2, field(1, message(intField(1, type), field(2, shape)))));
}
