import { concatenated } from './safetensorsFile';

/** Pieces of pickles, protocol 2, as CPython's pickle.py writes them. */
const encoder = new TextEncoder();

export const op = (...codes: (number | string)[]): Uint8Array =>
  Uint8Array.from(codes.map((code) => (typeof code === 'number' ? code : code.charCodeAt(0))));

export const PROTO = op(0x80, 2);
export const STOP = op('.');
export const MARK = op('(');

/** A function or class of Python. */
export function global(module: string, name: string): Uint8Array {
  return encoder.encode(`c${module}\n${name}\n`);
}

export function text(value: string): Uint8Array {
  const bytes = encoder.encode(value);
  return concatenated([op('X'), u32(bytes.length), bytes]);
}

export function int(value: number): Uint8Array {
  return concatenated([op('J'), u32(value)]);
}

/** A tuple of values that are on the stack in between. */
export function tuple(...items: Uint8Array[]): Uint8Array {
  return concatenated([MARK, ...items, op('t')]);
}

/** callee(...args) */
export function call(callee: Uint8Array, ...args: Uint8Array[]): Uint8Array {
  return concatenated([callee, tuple(...args), op('R')]);
}

export interface PickledStorage {
  type: string;
  key: string;
  elements: number;
}

/** torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict()). */
export function tensor(
  { type, key, elements }: PickledStorage,
  shape: number[],
  { offset = 0, strides = contiguous(shape) }: { offset?: number; strides?: number[] } = {},
): Uint8Array {
  const storage = tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(elements));
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    concatenated([storage, op('Q')]),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    op(0x89),
    concatenated([global('collections', 'OrderedDict'), op(')', 'R')]),
  );
}

/** A pickle of {name: value, …}. */
export function dictPickle(entries: [string, Uint8Array][]): Uint8Array<ArrayBuffer> {
  return concatenated([
    PROTO,
    op('}'),
    MARK,
    ...entries.flatMap(([name, value]) => [text(name), value]),
    op('u'),
    STOP,
  ]);
}

export function contiguous(shape: number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
}

export function u32(value: number): Uint8Array {
  return new Uint8Array(new Uint32Array([value]).buffer);
}
