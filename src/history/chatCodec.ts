/** How records of conversations, and the bytes of their pictures, are written to the database. */
export interface ChatCodec {
  encode(record: unknown): Promise<unknown>;
  decode(stored: unknown): Promise<unknown>;
  encodeBytes(bytes: ArrayBuffer): Promise<unknown>;
  decodeBytes(stored: unknown): Promise<ArrayBuffer>;
}

/** As they are. */
export const PLAIN: ChatCodec = {
  encode: (record) => Promise.resolve(record),
  decode: (stored) => Promise.resolve(stored),
  encodeBytes: (bytes) => Promise.resolve(bytes),
  decodeBytes: (stored) => Promise.resolve(stored as ArrayBuffer),
};
