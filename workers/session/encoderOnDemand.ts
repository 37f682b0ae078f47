import type { VisionConfig } from '../checkpoint/visionConfig';
import type { TilePatches } from '../model/patches';
import type { Backend } from '../ops/backend';
import { BackendScope } from '../ops/backendScope';
import { type DeviceBuffer, Ops } from '../ops/graph';
import { createTileEncoder, featureSizes, type Eyes } from './eyes';
import type { TileEncoder } from './tileEncoder';

/** Where eyes come from. */
export interface EyesSource {
  config: VisionConfig;
  /** Hidden size of the language model. */
  width: number;
  /** Whether the weights are given back between pictures. */
  isReleased: boolean;
  /** Whether plain kernels may stand in for those that were chosen for the device. */
  fallsBack: boolean;
  /**
   * The eyes; those that are released are brought to `backend`, which frees them. Throws what loadModel throws, and what
   * `throwIfStopped` throws.
   */
  open(backend: Backend, throwIfStopped: () => void): Promise<Eyes>;
}

/** Eyes that are released go when no tile has come for so long: a conversation about pictures goes on with the next one. */
const REST_MILLISECONDS = 30_000;

/**
 * A tile encoder that is made when the first tile comes: until then its programs, and weights that are released between
 * pictures, take no memory. One tile at a time.
 */
export class EncoderOnDemand {
  readonly #backend: Backend;
  readonly #source: EyesSource;
  readonly #restMilliseconds: number;
  #awake: { scope: BackendScope; encoder: TileEncoder } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, source: EyesSource, restMilliseconds = REST_MILLISECONDS) {
    this.#backend = backend;
    this.#source = source;
    this.#restMilliseconds = restMilliseconds;
  }

  /** Floats from one row of patches to the next. */
  get patchWidth(): number {
    const { patchSize } = this.#source.config.tower;
    return new Ops(1).bytesOf(3 * patchSize ** 2) / Float32Array.BYTES_PER_ELEMENT;
  }

  /** Bytes of the feature rows of a tile, at most. */
  get bytesPerTile(): number {
    const { rowsPerTile, width } = featureSizes(this.#source.config, this.#source.width);
    return rowsPerTile * width * Float32Array.BYTES_PER_ELEMENT;
  }

  /** As TileEncoder.encode. Throws also what making the encoder throws; what was made of it is then given back. */
  encode(tile: TilePatches, target: DeviceBuffer, byteOffset: number, throwIfStopped: () => void): Promise<void> {
    return this.#use(throwIfStopped, (encoder) => encoder.encode(tile, target, byteOffset, throwIfStopped));
  }

  /** As TileEncoder.runTower. */
  runTower(tile: TilePatches, throwIfStopped: () => void): Promise<void> {
    return this.#use(throwIfStopped, (encoder) => encoder.runTower(tile, throwIfStopped));
  }

  /** Features of the tower for the last tile, until the encoder is released. */
  get features(): DeviceBuffer {
    if (!this.#awake) throw new Error('no tile was encoded');
    return this.#awake.encoder.features;
  }

  /** Gives back programs and, of eyes that are released, weights. The next tile brings them again. */
  release(): void {
    clearTimeout(this.#timer);
    this.#awake?.scope.destroy();
    this.#awake = null;
  }

  async #use<T>(throwIfStopped: () => void, work: (encoder: TileEncoder) => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#awake ??= await this.#wake(throwIfStopped);
    try {
      return await work(this.#awake.encoder);
    } finally {
      if (this.#source.isReleased) this.#timer = setTimeout(() => this.release(), this.#restMilliseconds);
    }
  }

  async #wake(throwIfStopped: () => void) {
    // The sizes of a tower may be beyond what a kernel does that serves the language model.
    const scope = new BackendScope(this.#backend, this.#source.fallsBack);
    try {
      const eyes = await this.#source.open(scope, throwIfStopped);
      return { scope, encoder: await createTileEncoder(scope, eyes) };
    } catch (error) {
      scope.destroy();
      throw error;
    }
  }
}
