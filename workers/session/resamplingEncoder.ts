import type { ResamplingVision } from '../checkpoint/visionConfig';
import { resamplerHeads } from '../checkpoint/visionConfig';
import { interpolationMix, type PatchGrid } from '../model/interpolation';
import type { TilePatches } from '../model/patches';
import { positionBuckets } from '../model/positionBuckets';
import { resample, resamplerKeys } from '../model/resampler';
import { siglip } from '../model/siglip';
import { sineTable } from '../model/sineTable';
import type { ResamplingWeights } from '../model/visionWeights';
import type { Backend, Program } from '../ops/backend';
import type { DeviceBuffer } from '../ops/graph';
import { Ops, type Tensor } from '../ops/graph';
import { SubmissionPace } from './submissionPace';
import { checkPatches, rowBytes, type TileEncoder } from './tileEncoder';
import { runInParts, towerCache, writeFloats } from './towerProgram';

/** The largest tile, in patches, of what the square of its nominal size has: rounding of sides goes above it. */
const ROOM = 1.25;

/** A vision tower and a resampler on a backend. */
export interface ResamplingEyes {
  kind: 'resampling';
  config: ResamplingVision;
  weights: ResamplingWeights;
  /** Hidden size of the language model. */
  width: number;
}

/** Makes the same number of rows of every tile: the tower and the resampler, compiled once. */
export class ResamplingEncoder implements TileEncoder {
  readonly #pace = new SubmissionPace();
  /** The grid whose positions lie on the device. */
  #grid: PatchGrid = { rows: 0, columns: 0 };

  private constructor(
    private readonly backend: Backend,
    private readonly eyes: ResamplingEyes,
    private readonly inputs: TileInputs,
    private readonly tower: Program,
    private readonly queries: Program,
  ) {}

  /** Records and compiles the programs. Throws OutOfMemoryError, UnsupportedError or DeviceLostError. */
  static async create(backend: Backend, eyes: ResamplingEyes): Promise<ResamplingEncoder> {
    const { config, weights, width } = eyes;
    const capacity = mostResampledPatches(config);
    const { hiddenSize, numHeads } = config.tower;
    const ownCache = towerCache(backend, 'vision', capacity, numHeads, hiddenSize / numHeads);
    const heads = resamplerHeads(width);
    const cache = towerCache(backend, 'resampler', capacity, heads, width / heads);

    const towerOps = new Ops(capacity);
    const inputs = createInputs(backend, towerOps, eyes);
    const features = siglip(
      towerOps,
      { config: config.tower, weights: weights.tower },
      inputs.patches.tensor,
      inputs.positionMix?.tensor ?? null,
      ownCache,
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
    return new ResamplingEncoder(backend, eyes, inputs, tower, queries);
  }

  get features(): DeviceBuffer {
    return this.tower.output;
  }

  async encode(tile: TilePatches, target: DeviceBuffer, byteOffset: number, throwIfStopped: () => void): Promise<void> {
    await this.#runTower(tile, throwIfStopped);
    const rows = this.queries.capacity;
    const tokenIds = Array.from({ length: rows }, (_, i) => i);
    this.queries.submit({ tokenIds, position: tile.rows * tile.columns });
    this.backend.copy(this.queries.output, target, byteOffset, rows * rowBytes(this.eyes.width));
    await this.backend.flush();
  }

  async #runTower(tile: TilePatches, throwIfStopped: () => void): Promise<void> {
    const patches = tile.rows * tile.columns;
    checkPatches(tile, this.tower.capacity);
    writeFloats(this.backend, this.inputs.patches.buffer, tile.values);
    this.#writePositions(tile);
    const { tower } = this.eyes.config;
    const tokenIds =
      tower.positions === 'bucketed' ? positionBuckets(tower.positionSide, tile) : new Uint32Array(patches);
    await runInParts(this.backend, this.tower, { tokenIds, position: 0 }, this.#pace, throwIfStopped);
  }

  #writePositions({ rows, columns }: PatchGrid): void {
    if (this.#grid.rows === rows && this.#grid.columns === columns) return;
    const grid = { rows, columns };
    const { config, width } = this.eyes;
    const { positionMix, keyPositions } = this.inputs;
    if (positionMix) {
      const { positionSide } = config.tower;
      writeFloats(
        this.backend,
        positionMix.buffer,
        interpolationMix(positionSide, grid, positionMix.tensor.width, 'smooth'),
      );
    }
    const rowWidth = keyPositions.tensor.width;
    const positions =
      config.version === '1.0'
        ? interpolationMix(Math.sqrt(config.numQueries), grid, rowWidth, 'sharp')
        : sineTable(grid, width, rowWidth);
    writeFloats(this.backend, keyPositions.buffer, positions);
    this.#grid = grid;
  }
}

/** Patches of the largest tile that is encoded. */
export function mostResampledPatches({ image }: ResamplingVision): number {
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

function createInputs(backend: Backend, ops: Ops, { config, weights, width }: ResamplingEyes): TileInputs {
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
