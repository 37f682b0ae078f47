import type { VisionConfig } from '../checkpoint/visionConfig';
import type { TilePatches } from '../model/patches';
import type { Backend } from '../ops/backend';
import { BackendScope } from '../ops/backendScope';
import type { DeviceBuffer } from '../ops/graph';
import { createTileEncoder, encoderSizes, type Eyes } from './eyes';
import type { FeatureEncoder } from './featureStore';
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
export class EncoderOnDemand implements FeatureEncoder {
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
    return encoderSizes(this.#source.config, this.#source.width).patchWidth;
  }

  /** Makes the encoder, where there is none. Throws what making it throws; what was made of it is then given back. */
  wake(throwIfStopped: () => void): Promise<void> {
    return this.#use(throwIfStopped, () => Promise.resolve());
  }

  /** As TileEncoder.encode, and as `wake` before it. */
  encode(tile: TilePatches, target: DeviceBuffer, byteOffset: number, throwIfStopped: () => void): Promise<void> {
    return this.#use(throwIfStopped, (encoder) => encoder.encode(tile, target, byteOffset, throwIfStopped));
  }

  /** Gives back programs and, of eyes that are released, weights. The next tile brings them again. */
  release(): void {
    clearTimeout(this.#timer);
    this.#awake?.scope.destroy();
    this.#awake = null;
  }

  async #use(throwIfStopped: () => void, work: (encoder: TileEncoder) => Promise<void>): Promise<void> {
    clearTimeout(this.#timer);
    this.#awake ??= await this.#make(throwIfStopped);
    try {
      await work(this.#awake.encoder);
    } finally {
      if (this.#source.isReleased) this.#timer = setTimeout(() => this.release(), this.#restMilliseconds);
    }
  }

  async #make(throwIfStopped: () => void) {
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
