import type { TestTensor } from './safetensorsFile';

/** A metadata value with the name of its type; arrays give the type of their elements. */
export type TestValue =
  | { u32: number }
  | { f32: number }
  | { bool: boolean }
  | { string: string }
  | { strings: string[] }
  | { f32s: number[] }
  | { i32s: number[] };

/** What tests may lie about. */
export interface GgufLies {
  magic?: number;
  version?: number;
  tensorCount?: bigint;
  keyCount?: bigint;
  /** The type id of every tensor; 0 is F32. */
  type?: number;
  dimensionCount?: number;
  /** Innermost first, as in the file. */
  dimensions?: bigint[];
  /** Replaces the offset of the second tensor. */
  secondOffset?: bigint;
  secondName?: string;
}

/** A tensor in the list of a GGUF file. */
export interface ListedTensor {
  name: string;
  shape: number[];
  /** The id of its type; 0 is F32. */
  type: number;
  bytes: number;
}

/** A GGUF file of f32 tensors. */
export function ggufFile(
  metadata: Record<string, TestValue>,
  tensors: TestTensor[],
  lies: GgufLies = {},
): Uint8Array<ArrayBuffer> {
  const listed = tensors.map(({ name, shape, values }) => ({ name, shape, type: 0, bytes: values.byteLength }));
  const writer = new ByteWriter().bytes(ggufHeader(metadata, listed, lies));
  for (const { values } of tensors) {
    writer.pad(32);
    writer.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return writer.finish();
}

/** What is in front of the tensors of a GGUF file, which are each aligned to 32 bytes. */
export function ggufHeader(
  metadata: Record<string, TestValue>,
  tensors: ListedTensor[],
  lies: GgufLies = {},
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  const keys = Object.entries(metadata);
  writer.u32(lies.magic ?? 0x46554747).u32(lies.version ?? 3);
  writer.u64(lies.tensorCount ?? BigInt(tensors.length)).u64(lies.keyCount ?? BigInt(keys.length));
  for (const [key, value] of keys) writer.string(key).value(value);
  let offset = 0;
  for (const [i, tensor] of tensors.entries()) {
    const isSecond = i === 1;
    const dimensions = lies.dimensions ?? tensor.shape.toReversed().map(BigInt);
    writer.string((isSecond && lies.secondName) || tensor.name).u32(lies.dimensionCount ?? dimensions.length);
    for (const size of dimensions) writer.u64(size);
    writer.u32(lies.type ?? tensor.type).u64((isSecond ? lies.secondOffset : undefined) ?? BigInt(offset));
    offset = align(offset + tensor.bytes);
  }
  return writer.finish();
}

function align(offset: number): number {
  return Math.ceil(offset / 32) * 32;
}

class ByteWriter {
  #parts: Uint8Array[] = [];
  #length = 0;

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  u32(value: number): this {
    return this.bytes(new Uint8Array(Uint32Array.of(value).buffer));
  }

  u64(value: bigint): this {
    return this.bytes(new Uint8Array(BigUint64Array.of(value).buffer));
  }

  f32(value: number): this {
    return this.bytes(new Uint8Array(Float32Array.of(value).buffer));
  }

  string(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u64(BigInt(bytes.length)).bytes(bytes);
  }

  value(value: TestValue): this {
    if ('u32' in value) return this.u32(4).u32(value.u32);
    if ('f32' in value) return this.u32(6).f32(value.f32);
    if ('bool' in value) return this.u32(7).bytes(Uint8Array.of(Number(value.bool)));
    if ('string' in value) return this.u32(8).string(value.string);
    if ('strings' in value) return this.#array(8, value.strings, (text) => this.string(text));
    if ('f32s' in value) return this.#array(6, value.f32s, (number) => this.f32(number));
    return this.#array(5, value.i32s, (number) => this.u32(number >>> 0));
  }

  pad(alignment: number): this {
    return this.bytes(new Uint8Array(-this.#length & (alignment - 1)));
  }

  finish(): Uint8Array<ArrayBuffer> {
    const file = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      file.set(part, offset);
      offset += part.length;
    }
    return file;
  }

  #array<T>(type: number, elements: T[], write: (element: T) => void): this {
    this.u32(9).u32(type).u64(BigInt(elements.length));
    for (const element of elements) write(element);
    return this;
  }
}
