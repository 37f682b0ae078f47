import type { ChunkEntry, TensorEntry } from '../checkpoint/manifest';
import { sha256 } from '../storage/hash';

/** Stores one chunk; may reject with StorageFullError. */
export type PutChunk = (number: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/**
 * Fills the chunks of one tensor in order, and hashes and stores each as it is full. One chunk is stored while the next
 * is filled, so there are never more than two in memory.
 */
export class ChunkWriter {
  readonly #chunks: ChunkEntry[];
  readonly #put: PutChunk;
  readonly #hashes = new Map<number, string>();
  #current = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #storing: Promise<void> = Promise.resolve();

  constructor(entry: TensorEntry, put: PutChunk) {
    this.#chunks = entry.shards.flatMap((shard) => shard.chunks);
    this.#put = put;
    this.#bytes = new Uint8Array(this.#chunks[0]!.bytes);
  }

  /** The next `length` bytes of the tensor to be written; chunks end where such pieces do. */
  async reserve(length: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; offset: number }> {
    if (this.#filled === this.#bytes.length) {
      await this.#store();
      this.#bytes = new Uint8Array(this.#chunks[this.#current]!.bytes);
      this.#filled = 0;
    }
    const offset = this.#filled;
    this.#filled += length;
    return { bytes: this.#bytes, offset };
  }

  /** Stores the last chunk; resolves to the entry with its hashes when everything is stored. */
  async finish(entry: TensorEntry): Promise<TensorEntry> {
    await this.#store();
    await this.#storing;
    const withHash = (chunk: ChunkEntry) => ({ ...chunk, hash: this.#hashes.get(chunk.number)! });
    return { ...entry, shards: entry.shards.map((shard) => ({ ...shard, chunks: shard.chunks.map(withHash) })) };
  }

  async #store(): Promise<void> {
    await this.#storing;
    const { number } = this.#chunks[this.#current++]!;
    const bytes = this.#bytes;
    this.#storing = sha256(bytes).then((hash) => {
      this.#hashes.set(number, hash);
      return this.#put(number, bytes);
    });
    // The next `await` of it reports a failure; until then it must not count as unhandled.
    this.#storing.catch(() => undefined);
  }
}
