/** A tensor to be written to a test file. */
export interface TestTensor {
  name: string;
  shape: number[];
  values: Float32Array;
}

/** A safetensors header for tensors of 4 bytes per element, as an object that tests can damage. */
export function safetensorsTable(tensors: TestTensor[]): Record<string, Record<string, unknown>> {
  let offset = 0;
  const entries = tensors.map(({ name, shape, values }) => {
    const begin = offset;
    offset += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, offset] }];
  });
  return Object.fromEntries(entries);
}

/** A safetensors file of f32 tensors; `header` replaces the text of the right one. */
export function safetensorsFile(
  tensors: TestTensor[],
  header: string | Uint8Array = JSON.stringify(safetensorsTable(tensors)),
): Uint8Array<ArrayBuffer> {
  const headerBytes = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const dataBytes = tensors.reduce((sum, { values }) => sum + values.byteLength, 0);
  const file = new Uint8Array(8 + headerBytes.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes.length), true);
  file.set(headerBytes, 8);
  let offset = 8 + headerBytes.length;
  for (const { values } of tensors) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return file;
}

/** A tensor of any type, by its bytes. */
export interface RawTensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

/** A safetensors file of tensors of any types. */
export function rawSafetensorsFile(tensors: RawTensor[]): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const entries = tensors.map(({ name, dtype, shape, bytes }) => {
    const begin = offset;
    offset += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, offset] }];
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
  return concatenated([length, header, ...tensors.map(({ bytes }) => bytes)]);
}

/** These bytes one after another. */
export function concatenated(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
