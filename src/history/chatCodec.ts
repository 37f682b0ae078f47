/** How records of conversations are written to the database. */
export interface ChatCodec {
  encode(record: unknown): Promise<unknown>;
  decode(stored: unknown): Promise<unknown>;
}

/** As they are. */
export const PLAIN: ChatCodec = {
  encode: (record) => Promise.resolve(record),
  decode: (stored) => Promise.resolve(stored),
};
