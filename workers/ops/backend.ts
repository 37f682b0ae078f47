import type { KernelReport } from '../protocol/kernels';
import type { DeviceBuffer, Graph } from './graph';
import type { TokenLoop } from './tokenLoop';

/** Work done since the backend was made; `stats()` of the public API is cut from these. */
export interface Counters {
  dispatches: number;
  submits: number;
  readbacks: number;
  uploadedBytes: number;
  /** Bytes of device memory held now. */
  heldBytes: number;
  /** Buffers, bind groups and pipelines made so far: a step makes none. */
  objectsCreated: number;
}

/** The tokens of one forward pass: `tokenIds` go to positions `position`, `position + 1`, … of the KV cache. */
export interface Step {
  tokenIds: ArrayLike<number>;
  position: number;
}

/** A recorded forward pass, ready to be replayed. */
export interface Program {
  readonly capacity: number;
  /** Bytes of weights that one run reads. */
  readonly weightBytes: number;
  /** Where a step leaves its output. */
  readonly output: DeviceBuffer;
  /** Computes one step. Steps are executed in the order they were submitted. */
  submit(step: Step): void;
  /**
   * Computes one step in several submissions, each time one is asked for: at most `size()` operations of it. Yields how
   * many they were. Nothing else may be submitted in between.
   */
  parts(step: Step, size: () => number): Generator<number, void>;
  /**
   * Computes one step and reads the first `rows` rows of its output. [rows, output width]; the width is padded. Its turn
   * comes once there is memory to read into: runs keep their order, but what is submitted meanwhile is computed before.
   * Throws OutOfMemoryError.
   */
  run(step: Step, rows: number): Promise<Float32Array<ArrayBuffer>>;
  destroy(): void;
}

/** Something that computes: WebGPU, or plain TypeScript. */
export interface Backend {
  readonly kind: 'webgpu' | 'cpu';
  readonly counters: Counters;
  /** What computes, for diagnostics. */
  readonly kernelReports: readonly KernelReport[];
  /** Milliseconds that the choice of kernels took; null where there was none. */
  readonly kernelChoiceMs: number | null;
  /** Bytes of the largest buffer that createBuffer can make. */
  readonly mostBufferBytes: number;
  /** Zero-filled device memory. Throws OutOfMemoryError. */
  createBuffer(label: string, byteLength: number): DeviceBuffer;
  /**
   * What `make` returns, once there is room for the buffers that it creates. Where there is none, what was made is given to
   * `free` and OutOfMemoryError thrown; the backend stays usable.
   */
  allocate<T>(make: () => T, free: (made: T) => void): Promise<T>;
  /** `byteOffset` and the length of `data` are multiples of 4. */
  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void;
  /**
   * Copies the first `byteLength` bytes of a buffer to another, from `byteOffset` on; both multiples of 4. Copies need no
   * submission of their own: they go with the next one, or the next flush.
   */
  copy(source: DeviceBuffer, target: DeviceBuffer, byteOffset: number, byteLength: number): void;
  /** The first `byteLength` bytes of a buffer. */
  read(buffer: DeviceBuffer, byteLength: number): Promise<ArrayBuffer>;
  /**
   * Resolves when every write, copy and step so far is done. Rejects with DeviceLostError, with OutOfMemoryError where there
   * was no room for a buffer, or with the first error that the device reported unasked: results since then are not to be
   * trusted.
   */
  flush(): Promise<void>;
  /**
   * By the kernels that were chosen for the device, or, `isPlain`, by those that serve on every one. Throws
   * OutOfMemoryError, or UnsupportedError where the driver refuses a kernel: the backend stays usable. Throws
   * DeviceLostError.
   */
  compile(graph: Graph, isPlain?: boolean): Promise<Program>;
  /**
   * A token loop over two programs that give the logits of their last row, [1, vocabSize], padded alike: `decode` takes
   * one row, `prefill` more. Throws OutOfMemoryError, UnsupportedError or DeviceLostError.
   */
  createTokenLoop(decode: Program, prefill: Program, vocabSize: number): Promise<TokenLoop>;
  destroy(): void;
}
