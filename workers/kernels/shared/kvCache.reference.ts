import { float16ToFloat32, float32ToFloat16 } from '../../quant/half';
import type { KvCacheShape } from './kvCache';
import { headQuads, headRows, KEY_TILE, kvCacheBytes } from './kvCache';

/** The keys, or the values, of one layer in plain memory, in the layout of kvCache.ts. */
export class KvCacheRows {
  readonly #halves: Uint16Array;
  readonly #bytes: Int8Array;
  readonly #floats: Float32Array;
  readonly #quads: number;
  readonly #headRows: number;
  /** Elements from one quad of a row to the next. */
  readonly #step: number;

  /** `memory` is aligned to 4 bytes and holds at least kvCacheBytes of `shape`. */
  constructor(
    readonly shape: KvCacheShape,
    readonly content: 'keys' | 'values',
    memory: Uint8Array,
  ) {
    const bytes = kvCacheBytes(shape.format, shape.numKvHeads, shape.capacity, shape.headDim);
    this.#bytes = new Int8Array(memory.buffer, memory.byteOffset, bytes);
    this.#halves = new Uint16Array(memory.buffer, memory.byteOffset, bytes / 2);
    this.#floats = new Float32Array(memory.buffer, memory.byteOffset, bytes / 4);
    this.#quads = headQuads(shape.headDim);
    this.#headRows = headRows(shape.capacity);
    this.#step = content === 'keys' ? 4 * KEY_TILE : 4;
  }

  /** Stores `headDim` channels. */
  write(head: number, position: number, channels: Float32Array): void {
    const start = this.#start(head, position);
    const at = (i: number) => start + (i >> 2) * this.#step + (i & 3);
    if (this.shape.format === 'f32') {
      for (let i = 0; i < channels.length; i++) this.#floats[at(i)] = channels[i]!;
    } else if (this.shape.format === 'f16') {
      for (let i = 0; i < channels.length; i++) {
        this.#halves[at(i)] = float32ToFloat16(Math.max(-65504, Math.min(65504, channels[i]!)));
      }
    } else {
      const largest = channels.reduce((most, channel) => Math.max(most, Math.abs(channel)), 0);
      const scale = largest / 127;
      for (let i = 0; i < channels.length; i++) {
        this.#bytes[at(i)] = scale > 0 ? Math.round(channels[i]! / scale) : 0;
      }
      this.#floats[this.#scaleIndex(head, position)] = scale;
    }
  }

  /** Reads `headDim` channels into the start of `out`. */
  read(head: number, position: number, out: Float32Array): void {
    const { format, headDim } = this.shape;
    const step = this.#step;
    const start = this.#start(head, position);
    const at = (i: number) => start + (i >> 2) * step + (i & 3);
    if (format === 'f32') {
      for (let i = 0; i < headDim; i++) out[i] = this.#floats[at(i)]!;
    } else if (format === 'f16') {
      for (let i = 0; i < headDim; i++) out[i] = float16ToFloat32(this.#halves[at(i)]!);
    } else {
      const scale = this.#floats[this.#scaleIndex(head, position)]!;
      for (let i = 0; i < headDim; i++) out[i] = scale * this.#bytes[at(i)]!;
    }
  }

  /** Element of a row's first channel. */
  #start(head: number, position: number): number {
    const row = head * this.#headRows + position;
    if (this.content === 'values') return row * this.#quads * 4;
    return (Math.floor(row / KEY_TILE) * this.#quads * KEY_TILE + (row % KEY_TILE)) * 4;
  }

  #scaleIndex(head: number, position: number): number {
    const { numKvHeads } = this.shape;
    return numKvHeads * this.#headRows * this.#quads + head * this.#headRows + position;
  }
}
