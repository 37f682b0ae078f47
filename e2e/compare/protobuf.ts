/**
 * Just enough of Protocol Buffers' wire format to write a message: https://protobuf.dev/programming-guides/encoding.
 * A message is its fields one after the other; a field is bytes too, so messages nest by passing one for a value.
 */
export type Message = Uint8Array<ArrayBuffer>;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** A whole number that is not negative. */
export function intField(number: number, value: number): Message {
  return Uint8Array.from([...varint((number << 3) | VARINT), ...varint(value)]);
}

/** A string, bytes, or a message. */
export function field(number: number, value: string | Uint8Array): Message {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const head = Uint8Array.from([...varint((number << 3) | LENGTH_DELIMITED), ...varint(bytes.byteLength)]);
  return message(head, bytes);
}

export function message(...fields: readonly Uint8Array[]): Message {
  const bytes = new Uint8Array(fields.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const part of fields) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

function varint(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
