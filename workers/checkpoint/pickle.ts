import { engineError } from '../errors';
import { decodeUtf8 } from './json';

/** The pickles of the largest checkpoints take some hundred kilobytes. */
export const MAX_PICKLE_BYTES = 4 << 20;
/** PyTorch takes about fifty for each tensor. */
const MAX_OPERATIONS = 1_000_000;
const MAX_MEMO = 1_000_000;
const MAX_STACK = 1_000_000;
/** Marks nest three deep in what PyTorch writes. */
const MAX_MARKS = 64;
const MAX_TEXT_BYTES = 64 << 10;
const MAX_NAME_BYTES = 256;

/** A tensor as a pickle of PyTorch describes it; offset and strides count elements. */
export interface PickledTensor {
  dtype: string;
  /** The name of its storage. */
  storage: string;
  storageElements: number;
  offset: number;
  shape: number[];
  strides: number[];
}

/** The classes of storages by the dtype of their elements. */
const STORAGE_DTYPES: Readonly<Record<string, string>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

const ORDERED_DICT = 'collections.OrderedDict';
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';

type Value = null | boolean | number | string | List | Tuple | Dict | Name | Storage | Tensor;
type List = { kind: 'list'; items: Value[] };
type Tuple = { kind: 'tuple'; items: Value[] };
type Dict = { kind: 'dict'; entries: Map<string, Value> };
/** One of the few names of Python that a checkpoint refers to. */
type Name = { kind: 'name'; name: string };
type Storage = { kind: 'storage'; dtype: string; key: string; elements: number };
type Tensor = { kind: 'tensor'; tensor: PickledTensor };

/**
 * The tensors of a state dict that PyTorch has pickled (protocol 2), by their names. Nothing is run: a pickle is a program,
 * and of its operations this reader knows those of which state dicts are made; of all functions and classes that a pickle
 * can name, it knows ordered dicts, storages, and the two functions that make tensors and parameters. `place` names the
 * file. Throws UnsupportedError naming any other and the byte where it stands, and InvalidFileError for damage.
 */
export function tensorsOfPickle(bytes: Uint8Array, place: string): Map<string, PickledTensor> {
  const result = new Unpickler(bytes, place).run();
  const entries = isKind(result, 'dict') ? [...result.entries] : [];
  if (entries.length === 0) {
    throw engineError('UnsupportedError', `${place}: it holds something else than a dict of tensors.`);
  }
  const tensors = new Map<string, PickledTensor>();
  for (const [name, value] of entries) {
    if (!isKind(value, 'tensor')) {
      throw engineError('UnsupportedError', `${place}: "${abbreviate(name)}" in its dict is not a tensor.`);
    }
    tensors.set(name, value.tensor);
  }
  return tensors;
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #place: string;
  #next = 0;
  /** Where the operation under way starts, for messages. */
  #at = 0;
  readonly #stack: Value[] = [];
  /** Lengths of the stack when marks were put on it. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();

  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place;
  }

  run(): Value {
    if (this.#bytes.length > MAX_PICKLE_BYTES) throw this.#invalid(`it is longer than ${MAX_PICKLE_BYTES} bytes`);
    for (let count = 0; count < MAX_OPERATIONS; count++) {
      this.#at = this.#next;
      const code = this.#u8();
      if (code === STOP) return this.#finish();
      const operate = OPERATIONS.get(code);
      if (!operate) throw this.#unknownOperation(code);
      operate(this);
      if (this.#stack.length > MAX_STACK) throw this.#invalid(`its stack holds more than ${MAX_STACK} values`);
    }
    throw this.#invalid(`it has more than ${MAX_OPERATIONS} operations`);
  }

  protocol(): void {
    const version = this.#u8();
    if (version === 2) return;
    throw engineError('UnsupportedError', `${this.#place}: pickle protocol ${version} is not supported, only 2.`);
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  pop(): Value {
    const isBelowMark = this.#stack.length <= (this.#marks.at(-1) ?? 0);
    if (isBelowMark) throw this.#invalid('a value is missing');
    return this.#stack.pop()!;
  }

  mark(): void {
    if (this.#marks.length === MAX_MARKS) throw this.#invalid(`its marks nest more than ${MAX_MARKS} deep`);
    this.#marks.push(this.#stack.length);
  }

  popToMark(): Value[] {
    const start = this.#marks.pop();
    if (start === undefined) throw this.#invalid('a mark is missing');
    return this.#stack.splice(start);
  }

  popMany(count: number): Value[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  put(index: number): void {
    const value = this.pop();
    this.push(value);
    if (this.#memo.size === MAX_MEMO && !this.#memo.has(index)) {
      throw this.#invalid(`it remembers more than ${MAX_MEMO} values`);
    }
    this.#memo.set(index, value);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#invalid(`it has not put ${index} into its memo`);
    this.push(value);
  }

  u8(): number {
    return this.#u8();
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A whole number of as many bytes as the first byte says, in two's complement. */
  long(): number {
    const length = this.#u8();
    if (length > 8) throw this.#invalid(`it has a number of ${length} bytes`);
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.#u8()) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * length, value));
  }

  text(): string {
    const length = this.u32();
    if (length > MAX_TEXT_BYTES) throw this.#invalid(`it has a text of ${length} bytes`);
    const start = this.#advance(length);
    return decodeUtf8(this.#bytes.subarray(start, start + length), `${this.#place}, a text at byte ${this.#at}`);
  }

  name(): Name {
    const name = `${this.#line()}.${this.#line()}`;
    if ([ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER].includes(name) || Object.hasOwn(STORAGE_DTYPES, name)) {
      return { kind: 'name', name };
    }
    throw engineError(
      'UnsupportedError',
      `${this.#place}: byte ${this.#at} refers to ${abbreviate(name)}. Only tensors are read from such a file, nothing in it is run.`,
    );
  }

  /** ('storage', class, key, device, elements). */
  storage(id: Value): Storage {
    const [tag, storageClass, key, , elements] = isKind(id, 'tuple') ? id.items : [];
    const dtype = isKind(storageClass, 'name') ? STORAGE_DTYPES[storageClass.name] : undefined;
    if (tag !== 'storage' || dtype === undefined || typeof key !== 'string' || !isCount(elements)) {
      throw this.#invalid('it refers to something else than a storage');
    }
    return { kind: 'storage', dtype, key, elements };
  }

  call(callee: Value, args: Value): Value {
    const name = isKind(callee, 'name') ? callee.name : null;
    const values = isKind(args, 'tuple') ? args.items : null;
    if (name === ORDERED_DICT && values?.length === 0) return { kind: 'dict', entries: new Map() };
    if (name === REBUILD_TENSOR && values) return this.#tensor(values);
    if (name === REBUILD_PARAMETER && isKind(values?.[0], 'tensor')) return values[0];
    throw this.#invalid(`it calls ${name ?? 'what is no function'} as no checkpoint does`);
  }

  /** Sets entries given as key, value, key, value, …. */
  setItems(target: Value, items: Value[]): void {
    if (!isKind(target, 'dict') || items.length % 2 !== 0) throw this.#invalid('it sets items of what is no dict');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== 'string') throw this.#invalid('a key of a dict is not a text');
      target.entries.set(key, items[i + 1]!);
    }
  }

  append(target: Value, items: Value[]): void {
    if (!isKind(target, 'list')) throw this.#invalid('it appends to what is no list');
    for (const item of items) target.items.push(item);
  }

  /** State dicts have versions of their modules as an attribute, which nothing here needs. */
  setAttributes(target: Value, state: Value): void {
    if (!isKind(target, 'dict') || !isKind(state, 'dict')) throw this.#invalid('it sets attributes of what is no dict');
  }

  /** storage, offset, shape, strides, requires_grad, hooks. */
  #tensor([storage, offset, size, stride, ...flags]: Value[]): Tensor {
    const shape = isKind(size, 'tuple') && size.items.every(isCount) ? size.items : null;
    const strides = isKind(stride, 'tuple') && stride.items.every(isCount) ? stride.items : null;
    const isRight = shape && strides && shape.length === strides.length && shape.length <= 8 && flags.length >= 2;
    if (!isKind(storage, 'storage') || !isCount(offset) || !isRight) {
      throw this.#invalid('it makes a tensor as no checkpoint does');
    }
    const { dtype, key, elements } = storage;
    return { kind: 'tensor', tensor: { dtype, storage: key, storageElements: elements, offset, shape, strides } };
  }

  #finish(): Value {
    const [result] = this.#stack;
    if (this.#stack.length !== 1 || this.#marks.length > 0) throw this.#invalid('it ends in the middle');
    if (this.#next !== this.#bytes.length)
      throw this.#invalid(`${this.#bytes.length - this.#next} bytes follow its end`);
    return result!;
  }

  #u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  #line(): string {
    const end = this.#bytes.subarray(0, this.#next + MAX_NAME_BYTES).indexOf(NEWLINE, this.#next);
    if (end < 0) throw this.#invalid('it has a name without end');
    const start = this.#next;
    this.#next = end + 1;
    return decodeUtf8(this.#bytes.subarray(start, end), `${this.#place}, a name at byte ${this.#at}`);
  }

  #advance(length: number): number {
    const start = this.#next;
    if (start + length > this.#bytes.length) throw this.#invalid(`it is cut off at byte ${this.#bytes.length}`);
    this.#next += length;
    return start;
  }

  #unknownOperation(code: number): Error {
    const name = NAMES_OF_UNKNOWN[code] ?? `0x${code.toString(16).padStart(2, '0')}`;
    const message = `${this.#place}: the operation ${name} at byte ${this.#at} has no place in a checkpoint. Nothing in it is run.`;
    return engineError('UnsupportedError', message);
  }

  #invalid(reason: string): Error {
    return engineError('InvalidFileError', `${this.#place}, byte ${this.#at}: ${reason}.`);
  }
}

const NEWLINE = 0x0a;
const STOP = 0x2e;

const tuple = (items: Value[]): Value => ({ kind: 'tuple', items });

/** What state dicts are made of, by the codes of CPython's pickle.py. */
const OPERATIONS: ReadonlyMap<number, (pickle: Unpickler) => void> = new Map<number, (pickle: Unpickler) => void>([
  [0x80, (pickle) => pickle.protocol()],
  [code('N'), (pickle) => pickle.push(null)],
  [0x88, (pickle) => pickle.push(true)],
  [0x89, (pickle) => pickle.push(false)],
  [code('K'), (pickle) => pickle.push(pickle.u8())],
  [code('M'), (pickle) => pickle.push(pickle.u16())],
  [code('J'), (pickle) => pickle.push(pickle.i32())],
  [0x8a, (pickle) => pickle.push(pickle.long())],
  [code('G'), (pickle) => pickle.push(pickle.f64())],
  [code('X'), (pickle) => pickle.push(pickle.text())],
  [code('c'), (pickle) => pickle.push(pickle.name())],
  [code('('), (pickle) => pickle.mark()],
  [code(')'), (pickle) => pickle.push(tuple([]))],
  [0x85, (pickle) => pickle.push(tuple(pickle.popMany(1)))],
  [0x86, (pickle) => pickle.push(tuple(pickle.popMany(2)))],
  [0x87, (pickle) => pickle.push(tuple(pickle.popMany(3)))],
  [code('t'), (pickle) => pickle.push(tuple(pickle.popToMark()))],
  [code(']'), (pickle) => pickle.push({ kind: 'list', items: [] })],
  [code('}'), (pickle) => pickle.push({ kind: 'dict', entries: new Map() })],
  [code('q'), (pickle) => pickle.put(pickle.u8())],
  [code('r'), (pickle) => pickle.put(pickle.u32())],
  [code('h'), (pickle) => pickle.get(pickle.u8())],
  [code('j'), (pickle) => pickle.get(pickle.u32())],
  [code('Q'), (pickle) => pickle.push(pickle.storage(pickle.pop()))],
  [
    code('R'),
    (pickle) => {
      const args = pickle.pop();
      pickle.push(pickle.call(pickle.pop(), args));
    },
  ],
  [code('a'), (pickle) => changeTop(pickle, [pickle.pop()], (target, items) => pickle.append(target, items))],
  [code('e'), (pickle) => changeTop(pickle, pickle.popToMark(), (target, items) => pickle.append(target, items))],
  [code('s'), (pickle) => changeTop(pickle, pickle.popMany(2), (target, items) => pickle.setItems(target, items))],
  [code('u'), (pickle) => changeTop(pickle, pickle.popToMark(), (target, items) => pickle.setItems(target, items))],
  [code('b'), (pickle) => changeTop(pickle, [pickle.pop()], (target, [state]) => pickle.setAttributes(target, state!))],
]);

/** Operations that make or call objects in other ways, for messages. */
const NAMES_OF_UNKNOWN: Readonly<Record<number, string>> = {
  [code('i')]: 'INST',
  [code('o')]: 'OBJ',
  [code('P')]: 'PERSID',
  [code('2')]: 'DUP',
  0x81: 'NEWOBJ',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x8b: 'LONG4',
  0x92: 'NEWOBJ_EX',
  0x93: 'STACK_GLOBAL',
};

function changeTop(pickle: Unpickler, items: Value[], change: (target: Value, items: Value[]) => void): void {
  const target = pickle.pop();
  change(target, items);
  pickle.push(target);
}

function code(character: string): number {
  return character.charCodeAt(0);
}

function isKind<K extends Exclude<Value, null | boolean | number | string>['kind']>(
  value: Value | undefined,
  kind: K,
): value is Extract<Value, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function abbreviate(name: string): string {
  return name.length <= 100 ? name : `${name.slice(0, 100)}…`;
}
