import type { MergingVision } from '../checkpoint/visionConfig';
import { MERGED_ROWS } from '../checkpoint/visionTensors';
import { engineError } from '../errors';
import { type MergingTower, mergedTower, projectMerged, unmergedTower } from '../model/mergingTower';
import type { TilePatches } from '../model/patches';
import { positionBuckets } from '../model/positionBuckets';
import type { MergingWeights } from '../model/visionWeights';
import { windowOrder } from '../model/windowOrder';
import type { Backend, Program } from '../ops/backend';
import { type DeviceBuffer, Ops } from '../ops/graph';
import { SubmissionPace } from './submissionPace';
import { checkPatches, rowBytes, type TileEncoder } from './tileEncoder';
import { runInParts, towerCache, writeFloats } from './towerProgram';

/** The largest tile, in patches, of what the square of its nominal size has: its sides are rounded to whole windows. */
const ROOM = 1.5;

/** A vision tower and its mergers on a backend. */
export interface MergingEyes {
  kind: 'merging';
  config: MergingVision;
  weights: MergingWeights;
  /** Hidden size of the language model. */
  width: number;
}

/**
 * Makes one row of each square of patches of a tile. Patches come in the order of windows, so that the rows that merge
 * stand together; a program for each number of rows takes them from the one before.
 */
export class MergingEncoder implements TileEncoder {
  readonly #pace = new SubmissionPace();

  private constructor(
    private readonly backend: Backend,
    private readonly config: MergingVision,
    private readonly patches: { buffer: DeviceBuffer; width: number },
    /** The tower up to its merger and behind it; one program where nothing merges within. */
    private readonly tower: Program[],
    private readonly connector: Program,
    /** Hidden size of the language model. */
    private readonly width: number,
  ) {}

  /** Records and compiles the programs. Throws OutOfMemoryError, UnsupportedError or DeviceLostError. */
  static async create(backend: Backend, { config, weights, width }: MergingEyes): Promise<MergingEncoder> {
    const capacity = mostMergedPatches(config);
    const { hiddenSize, numHeads } = config.tower;
    const cache = towerCache(backend, 'vision', capacity, numHeads, hiddenSize / numHeads);
    const model: MergingTower = { config, weights };

    const ops = new Ops(capacity);
    const { columns } = weights.tower.patchEmbedding.weight;
    const buffer = backend.createBuffer('patches', ops.bytesOf(columns));
    const patches = ops.input(buffer, columns);
    const tower = [await backend.compile(ops.graph(unmergedTower(ops, model, patches, cache)))];
    if (weights.merger) {
      const merged = new Ops(capacity / MERGED_ROWS);
      const rows = merged.input(tower[0]!.output, hiddenSize, MERGED_ROWS);
      tower.push(await backend.compile(merged.graph(mergedTower(merged, model, rows, cache))));
    }
    const last = new Ops(capacity / MERGED_ROWS ** tower.length);
    const features = last.input(tower.at(-1)!.output, hiddenSize, MERGED_ROWS);
    const connector = await backend.compile(last.graph(projectMerged(last, model, features)));
    return new MergingEncoder(backend, config, { buffer, width: patches.width }, tower, connector, width);
  }

  /** In the order of windows, as the patches are. */
  get features(): DeviceBuffer {
    return this.tower.at(-1)!.output;
  }

  async encode(tile: TilePatches, target: DeviceBuffer, byteOffset: number, throwIfStopped: () => void): Promise<void> {
    await this.#runTower(tile, throwIfStopped);
    const merged = (tile.rows * tile.columns) / MERGED_ROWS ** this.tower.length;
    await this.#run(this.connector, new Uint32Array(merged), throwIfStopped);
    this.backend.copy(this.connector.output, target, byteOffset, merged * rowBytes(this.width));
    await this.backend.flush();
  }

  async #runTower(tile: TilePatches, throwIfStopped: () => void): Promise<void> {
    checkPatches(tile, this.tower[0]!.capacity);
    const order = this.#order(tile);
    const ids = positionBuckets(this.config.tower.positionSide, tile, 'division');
    writeFloats(this.backend, this.patches.buffer, reordered(tile.values, order, this.patches.width));
    await this.#run(
      this.tower[0]!,
      Uint32Array.from(order, (patch) => ids[patch]!),
      throwIfStopped,
    );
    for (const [i, program] of this.tower.slice(1).entries()) {
      await this.#run(program, new Uint32Array(order.length / MERGED_ROWS ** (i + 1)), throwIfStopped);
    }
  }

  #run(program: Program, tokenIds: Uint32Array, throwIfStopped: () => void): Promise<void> {
    return runInParts(this.backend, program, { tokenIds, position: 0 }, this.#pace, throwIfStopped);
  }

  #order(tile: TilePatches): Uint32Array {
    const side = 2 ** this.tower.length;
    if (tile.rows % side === 0 && tile.columns % side === 0) return windowOrder(tile, this.tower.length);
    const message = `a tile of ${tile.columns} × ${tile.rows} patches cannot be merged in squares of ${side}`;
    throw engineError('UnsupportedError', message);
  }
}

/** Feature rows of the largest tile that is encoded. */
export function mostMergedRows(config: MergingVision): number {
  return mostMergedPatches(config) / MERGED_ROWS ** (config.insertLayer === null ? 1 : 2);
}

/** Patches of the largest tile that is encoded: a whole number of what becomes one row. */
export function mostMergedPatches({ image }: MergingVision): number {
  const nominal = Math.ceil(image.scaleResolution / image.patchSize) ** 2;
  return Math.ceil((ROOM * nominal) / MERGED_ROWS ** 2) * MERGED_ROWS ** 2;
}

/** Rows `width` long in another order: row i of the result is row `order[i]`. */
function reordered(values: Float32Array, order: Uint32Array, width: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(order.length * width);
  order.forEach((from, to) => result.set(values.subarray(from * width, (from + 1) * width), to * width));
  return result;
}
