import type { VisionConfig } from '../checkpoint/visionConfig';
import { resamplerHeads } from '../checkpoint/visionConfig';
import { engineError } from '../errors';
import { interpolationMix, type PatchGrid } from '../model/interpolation';
import type { TilePatches } from '../model/patches';
import { positionBuckets } from '../model/positionBuckets';
import { resample, resamplerKeys } from '../model/resampler';
import { siglip } from '../model/siglip';
import { sineTable } from '../model/sineTable';
import type { VisionWeights } from '../model/visionWeights';
import type { Backend, Program } from '../ops/backend';
import type { DeviceBuffer, LayerCache } from '../ops/graph';
import { Ops, type Tensor } from '../ops/graph';
import { kvCacheBytes } from '../ops/kvCacheLayout';
import { SubmissionPace } from './submissionPace';

/** The largest tile, in patches, of what the square of its nominal size has: rounding of sides goes above it. */
const ROOM = 1.25;

/** The eyes of a model on a backend. */
export interface Eyes {
  config: VisionConfig;
  weights: VisionWeights;
  /** Hidden size of the language model. */
  width: number;
}

/** Turns tiles into feature rows: the vision tower and the resampler, compiled once. One tile at a time. */
export class TileEncoder {
  readonly #pace = new SubmissionPace();
  /** The grid whose positions lie on the device. */
  #grid: PatchGrid = { rows: 0, columns: 0 };

  private constructor(
    private readonly backend: Backend,
    private readonly eyes: Eyes,
    private readonly inputs: TileInputs,
    private readonly tower: Program,
    private readonly queries: Program,
  ) {}

  /** Records and compiles the programs. Throws OutOfMemoryError or UnsupportedError. */
  static async create(backend: Backend, eyes: Eyes): Promise<TileEncoder> {
    const { config, weights, width } = eyes;
    const capacity = mostPatches(config);
    const { hiddenSize, numHeads } = config.tower;
    const towerCache = createCache(backend, 'vision', capacity, numHeads, hiddenSize / numHeads);
    const heads = resamplerHeads(width);
    const cache = createCache(backend, 'resampler', capacity, heads, width / heads);

    const towerOps = new Ops(capacity);
    const inputs = createInputs(backend, towerOps, eyes);
    const features = siglip(
      towerOps,
      { config: config.tower, weights: weights.tower },
      inputs.patches.tensor,
      inputs.positionMix?.tensor ?? null,
      towerCache,
    );
    const keyPositions =
      config.version === '1.0'
        ? towerOps.mixRows(inputs.keyPositions.tensor, weights.resampler.positions!)
        : inputs.keyPositions.tensor;
    resamplerKeys(towerOps, weights.resampler, features, keyPositions, cache);

    const queryOps = new Ops(config.numQueries);
    const [tower, queries] = await Promise.all([
      backend.compile(towerOps.graph(features)),
      backend.compile(queryOps.graph(resample(queryOps, weights.resampler, cache))),
    ]);
    return new TileEncoder(backend, eyes, inputs, tower, queries);
  }

  /** Hidden size of the language model: the width of a feature row, a whole number of heads that needs no padding. */
  get width(): number {
    return this.eyes.width;
  }

  /** Floats from one row of patches to the next. */
  get patchWidth(): number {
    return this.inputs.patches.tensor.width;
  }

  /** Feature rows of a tile. */
  get rowsPerTile(): number {
    return this.eyes.config.numQueries;
  }

  /** Bytes of the feature rows of a tile. */
  get bytesPerTile(): number {
    return this.rowsPerTile * this.width * 4;
  }

  /**
   * Writes the feature rows of a tile, [numQueries, width of the language model], to `target` from `byteOffset` on, in
   * submissions short enough that others who share the device are not held up. `throwIfStopped` is called between them.
   * Throws UnsupportedError for a tile of more patches than its area allows.
   */
  async encode(tile: TilePatches, target: DeviceBuffer, byteOffset: number, throwIfStopped: () => void): Promise<void> {
    await this.runTower(tile, throwIfStopped);
    const tokenIds = Array.from({ length: this.rowsPerTile }, (_, i) => i);
    this.queries.submit({ tokenIds, position: tile.rows * tile.columns });
    this.backend.copy(this.queries.output, target, byteOffset, this.bytesPerTile);
    await this.backend.flush();
  }

  /** The tower's part of `encode`: its features are then in `features`. */
  async runTower(tile: TilePatches, throwIfStopped: () => void): Promise<void> {
    const patches = tile.rows * tile.columns;
    const most = this.tower.capacity;
    if (patches > most) {
      const message = `a part of the picture has ${tile.columns} × ${tile.rows} patches, at most ${most} are supported: it is too long and narrow`;
      throw engineError('UnsupportedError', message);
    }
    write(this.backend, this.inputs.patches.buffer, tile.values);
    this.#writePositions(tile);
    const { tower } = this.eyes.config;
    const tokenIds =
      tower.positions === 'bucketed' ? positionBuckets(tower.positionSide, tile) : new Uint32Array(patches);
    for (const operations of this.tower.parts({ tokenIds, position: 0 }, () => this.#pace.operations)) {
      const started = performance.now();
      await this.backend.flush();
      this.#pace.took(performance.now() - started, operations);
      throwIfStopped();
    }
  }

  /** Features of the tower, [patches, its hidden size] padded to whole blocks. */
  get features(): DeviceBuffer {
    return this.tower.output;
  }

  #writePositions({ rows, columns }: PatchGrid): void {
    if (this.#grid.rows === rows && this.#grid.columns === columns) return;
    const grid = { rows, columns };
    const { config, width } = this.eyes;
    const { positionMix, keyPositions } = this.inputs;
    if (positionMix) {
      const { positionSide } = config.tower;
      write(this.backend, positionMix.buffer, interpolationMix(positionSide, grid, positionMix.tensor.width, 'smooth'));
    }
    const rowWidth = keyPositions.tensor.width;
    const positions =
      config.version === '1.0'
        ? interpolationMix(Math.sqrt(config.numQueries), grid, rowWidth, 'sharp')
        : sineTable(grid, width, rowWidth);
    write(this.backend, keyPositions.buffer, positions);
    this.#grid = grid;
  }
}

/** Patches of the largest tile that is encoded. */
export function mostPatches({ image }: VisionConfig): number {
  const nominal = Math.ceil(image.scaleResolution / image.patchSize) ** 2;
  return image.cut === 'squash' ? nominal : Math.ceil(ROOM * nominal);
}

interface Input {
  buffer: DeviceBuffer;
  tensor: Tensor;
}

/** What the host writes for each tile, and for each grid. */
interface TileInputs {
  patches: Input;
  /** Where learned positions are resampled: see interpolationMix. */
  positionMix: Input | null;
  /** Positions of the resampler's keys, or what mixes them from its table. */
  keyPositions: Input;
}

function createInputs(backend: Backend, ops: Ops, { config, weights, width }: Eyes): TileInputs {
  const input = (label: string, columns: number): Input => {
    const buffer = backend.createBuffer(label, ops.bytesOf(columns));
    return { buffer, tensor: ops.input(buffer, columns) };
  };
  const { positions, positionSide } = config.tower;
  return {
    patches: input('patches', weights.tower.patchEmbedding.weight.columns),
    positionMix: positions === 'resampled' ? input('positions', positionSide ** 2) : null,
    keyPositions: input('key positions', config.version === '1.0' ? config.numQueries : width),
  };
}

function createCache(
  backend: Backend,
  label: string,
  capacity: number,
  numKvHeads: number,
  headDim: number,
): LayerCache {
  const bytes = kvCacheBytes('f32', numKvHeads, capacity, headDim);
  const keys = backend.createBuffer(`${label} keys`, bytes);
  const values = backend.createBuffer(`${label} values`, bytes);
  return { format: 'f32', capacity, numKvHeads, headDim, keys, values };
}

function write(backend: Backend, buffer: DeviceBuffer, values: Float32Array<ArrayBuffer>): void {
  backend.write(buffer, 0, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
