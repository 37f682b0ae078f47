import { float16ToFloat32, float32ToFloat16 } from '../../quant/half';
import type { KvCacheShape } from './kvCache';
import { headQuads, kvCacheBytes } from './kvCache';

/** The keys, or the values, of one layer in plain memory, in the layout of kvCache.ts. */
export class KvCacheRows {
  readonly #halves: Uint16Array;
  readonly #bytes: Int8Array;
  readonly #floats: Float32Array;
  readonly #stride: number;

  /** `memory` is aligned to 4 bytes and holds at least kvCacheBytes of `shape`. */
  constructor(
    readonly shape: KvCacheShape,
    memory: Uint8Array,
  ) {
    const bytes = kvCacheBytes(shape.format, shape.numKvHeads, shape.capacity, shape.headDim);
    this.#bytes = new Int8Array(memory.buffer, memory.byteOffset, bytes);
    this.#halves = new Uint16Array(memory.buffer, memory.byteOffset, bytes / 2);
    this.#floats = new Float32Array(memory.buffer, memory.byteOffset, bytes / 4);
    this.#stride = 4 * headQuads(shape.headDim);
  }

  /** Stores `headDim` channels. */
  write(head: number, position: number, channels: Float32Array): void {
    const row = head * this.shape.capacity + position;
    const start = row * this.#stride;
    if (this.shape.format === 'f32') {
      this.#floats.set(channels, start);
    } else if (this.shape.format === 'f16') {
      for (let i = 0; i < channels.length; i++) {
        this.#halves[start + i] = float32ToFloat16(Math.max(-65504, Math.min(65504, channels[i]!)));
      }
    } else {
      const largest = channels.reduce((most, channel) => Math.max(most, Math.abs(channel)), 0);
      const scale = largest / 127;
      for (let i = 0; i < channels.length; i++) {
        this.#bytes[start + i] = scale > 0 ? Math.round(channels[i]! / scale) : 0;
      }
      this.#floats[this.#scaleIndex(row)] = scale;
    }
  }

  /** Reads `headDim` channels into the start of `out`. */
  read(head: number, position: number, out: Float32Array): void {
    const { format, headDim, capacity } = this.shape;
    const row = head * capacity + position;
    const start = row * this.#stride;
    if (format === 'f32') {
      for (let i = 0; i < headDim; i++) out[i] = this.#floats[start + i]!;
    } else if (format === 'f16') {
      for (let i = 0; i < headDim; i++) out[i] = float16ToFloat32(this.#halves[start + i]!);
    } else {
      const scale = this.#floats[this.#scaleIndex(row)]!;
      for (let i = 0; i < headDim; i++) out[i] = scale * this.#bytes[start + i]!;
    }
  }

  #scaleIndex(row: number): number {
    return (this.shape.numKvHeads * this.shape.capacity * this.#stride) / 4 + row;
  }
}
