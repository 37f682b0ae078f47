import { engineError } from '../errors';
import type { TilePatches } from '../model/patches';
import type { Backend } from '../ops/backend';
import type { FeatureRows } from '../ops/graph';
import type { PictureProgress } from '../protocol/pictures';
import type { EncoderSizes } from './eyes';
import type { TileEncoder } from './tileEncoder';

/** Tiles whose features stay on the device: several pictures in slices. */
const MOST_TILES = 64;

/** A tile of a prompt. */
export interface PromptTile {
  /** The same for the same tile, whenever it comes. */
  key: string;
  /** Index of the token that its first feature row takes the place of. */
  start: number;
  /** Its feature rows, where that depends on its size; else those of every tile. */
  rows?: number;
  /** Called where the tile has to be encoded. */
  patches(): TilePatches | Promise<TilePatches>;
}

/** What tiles are encoded by. */
export interface FeatureEncoder extends Pick<TileEncoder, 'encode'> {
  /** Makes it ready, which may take as long as many tiles. */
  wake(throwIfStopped: () => void): Promise<void>;
}

interface StoredTile {
  /** Tells this tile from all that were encoded before. */
  serial: number;
  slot: number;
}

/**
 * Feature rows of the tiles used last, in device memory. In a prompt each row is a token id of its own, above those of the
 * vocabulary: two prompts have equal ids where they show the same tile, so that keys and values are reused like those of
 * text. An encoded tile has the same ids until it is forgotten.
 */
export class FeatureStore {
  /** Seconds of cutting tiles out and encoding them: what makes the encoder ready once is left out. */
  readonly counters = { tilesEncoded: 0, tilesReused: 0, encodeSeconds: 0 };
  /** From the tile used longest ago to the one used last. */
  readonly #tiles = new Map<string, StoredTile>();
  readonly #slotOfSerial = new Map<number, number>();
  #serials = 0;

  private constructor(
    readonly rows: FeatureRows,
    private readonly vocabSize: number,
    private readonly rowsPerTile: number,
    private readonly bytesPerTile: number,
  ) {}

  /** Room for as many tiles as a context can hold, within reason. Throws OutOfMemoryError. */
  static create(
    backend: Backend,
    vocabSize: number,
    contextLength: number,
    { rowsPerTile, fewestRows, bytesPerTile }: EncoderSizes,
  ): FeatureStore {
    const most = Math.min(MOST_TILES, Math.floor(backend.mostBufferBytes / bytesPerTile));
    const tiles = Math.min(most, Math.ceil(contextLength / fewestRows));
    const buffer = backend.createBuffer('features', tiles * bytesPerTile);
    return new FeatureStore({ rows: tiles * rowsPerTile, buffer }, vocabSize, rowsPerTile, bytesPerTile);
  }

  /**
   * A prompt with the ids of feature rows in the places of its tiles, all of which are then on the device: those that were
   * not are encoded, and `onProgress` is told before and after each. Throws ContextFullError for more tiles than there is
   * room for, and what `encoder` and `throwIfStopped` throw.
   */
  async insert(
    tokenIds: readonly number[],
    tiles: readonly PromptTile[],
    encoder: FeatureEncoder,
    throwIfStopped: () => void,
    onProgress: (progress: PictureProgress) => void = () => undefined,
  ): Promise<number[]> {
    const most = this.rows.rows / this.rowsPerTile;
    const keys = new Set(tiles.map(({ key }) => key));
    if (keys.size > most) {
      throw engineError('ContextFullError', `the pictures make ${keys.size} tiles, there is room for ${most}`);
    }
    const result = [...tokenIds];
    const tilesTotal = [...keys].filter((key) => !this.#tiles.has(key)).length;
    let tilesDone = 0;
    if (tilesTotal > 0) onProgress({ tilesDone, tilesTotal });
    for (const tile of tiles) {
      let stored = this.#find(tile.key);
      if (!stored) {
        stored = await this.#encode(tile, keys, encoder, throwIfStopped);
        onProgress({ tilesDone: ++tilesDone, tilesTotal });
      }
      const { serial } = stored;
      const first = this.vocabSize + serial * this.rowsPerTile;
      for (let row = 0; row < (tile.rows ?? this.rowsPerTile); row++) result[tile.start + row] = first + row;
    }
    return result;
  }

  /** Token ids as the device takes them: rows of the features where the vocabulary ends. */
  deviceIds(tokenIds: readonly number[]): number[] {
    return tokenIds.map((id) => {
      if (id < this.vocabSize) return id;
      const index = id - this.vocabSize;
      const slot = this.#slotOfSerial.get(Math.floor(index / this.rowsPerTile))!;
      return this.vocabSize + slot * this.rowsPerTile + (index % this.rowsPerTile);
    });
  }

  #find(key: string): StoredTile | undefined {
    const tile = this.#tiles.get(key);
    if (!tile) return undefined;
    this.counters.tilesReused++;
    this.#tiles.delete(key);
    this.#tiles.set(key, tile);
    return tile;
  }

  async #encode(
    { key, patches }: PromptTile,
    needed: ReadonlySet<string>,
    encoder: FeatureEncoder,
    throwIfStopped: () => void,
  ): Promise<StoredTile> {
    const slot = this.#freeSlot(needed);
    const cutting = performance.now();
    const tile = await patches();
    const waking = performance.now();
    await encoder.wake(throwIfStopped);
    const encoding = performance.now();
    await encoder.encode(tile, this.rows.buffer, slot * this.bytesPerTile, throwIfStopped);
    this.counters.encodeSeconds += (performance.now() - encoding + waking - cutting) / 1000;
    const stored = { serial: this.#serials++, slot };
    this.#tiles.set(key, stored);
    this.#slotOfSerial.set(stored.serial, slot);
    this.counters.tilesEncoded++;
    return stored;
  }

  /** A slot that was never used, else that of the tile used longest ago which `needed` does without. */
  #freeSlot(needed: ReadonlySet<string>): number {
    const taken = new Set([...this.#tiles.values()].map(({ slot }) => slot));
    const most = this.rows.rows / this.rowsPerTile;
    const unused = Array.from({ length: most }, (_, slot) => slot).find((slot) => !taken.has(slot));
    if (unused !== undefined) return unused;
    const [key, { serial, slot }] = [...this.#tiles].find(([other]) => !needed.has(other))!;
    this.#tiles.delete(key);
    this.#slotOfSerial.delete(serial);
    return slot;
  }
}
