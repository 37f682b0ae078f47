import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import type { MergingVision } from '../checkpoint/visionConfig';
import { WeightStore } from '../storage/weightStore';
import { nmse } from '../testing/allclose';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyWeights } from '../testing/tinyCheckpoint';
import { tileEncoderOf } from '../testing/tileEncoderOf';
import { tinyMergingConfig, tinyMergingFolder } from '../testing/tinyHybridCheckpoint';
import { loadModel } from './loadModel';

/**
 * The eyes of MiniCPM-V 4.6 in plain numbers, row by row of the grid and without an order of windows, against the engine's:
 * in both modes, of which the reference models have one.
 */

type Rows = number[][];

class Reference {
  readonly #weights: Map<string, number[]>;

  constructor(
    config: JsonObject,
    private readonly vision: MergingVision,
  ) {
    this.#weights = new Map(tinyWeights(config).map(({ name, values }) => [name, [...values]]));
  }

  /** Feature rows of a tile, from its patches. */
  features(patches: Rows, rows: number, columns: number): Rows {
    const { tower, insertLayer } = this.vision;
    const table = this.#weights.get('vision.positions')!;
    let x = this.#linear('vision.patchEmbedding', patches).map((row, patch) => {
      const bucket = (i: number, count: number) => Math.floor((i * tower.positionSide) / count);
      const position =
        bucket(Math.floor(patch / columns), rows) * tower.positionSide + bucket(patch % columns, columns);
      return row.map((value, i) => value + table[position * row.length + i]!);
    });
    let width = columns;
    for (let layer = 0; layer < tower.numLayers; layer++) {
      const at = `vision.layers.${layer}`;
      x = added(x, this.#attention(at, this.#norm(`${at}.attentionNorm`, x)));
      x = added(x, this.#mlp(at, this.#norm(`${at}.mlpNorm`, x), geluTanh));
      if (layer !== insertLayer) continue;
      const normed = this.#norm('vision.merger.attentionNorm', x);
      for (const window of windows(x.length / width, width)) {
        const seen = this.#attention(
          'vision.merger',
          window.map((row) => normed[row]!),
        );
        window.forEach((row, i) => (x[row] = added([x[row]!], [seen[i]!])[0]!));
      }
      const merged = this.#merge('vision.merger', x, width, geluTanh);
      x = windows(x.length / width, width).map((window, i) =>
        merged[i]!.map((value, j) => value + window.reduce((sum, row) => sum + x[row]![j]!, 0) / 4),
      );
      width /= 2;
    }
    return this.#merge('vision.connector', this.#norm('vision.norm', x), width, geluErf);
  }

  /** An MLP on each 2 × 2 rows of a grid `width` wide, side by side. */
  #merge(at: string, x: Rows, width: number, activation: (x: number) => number): Rows {
    const stacked = windows(x.length / width, width).map((window) => window.flatMap((row) => x[row]!));
    return this.#mlp(at, this.#norm(`${at}.mlpNorm`, stacked), activation);
  }

  #mlp(at: string, x: Rows, activation: (x: number) => number): Rows {
    return this.#linear(
      `${at}.fc2`,
      this.#linear(`${at}.fc1`, x).map((row) => row.map(activation)),
    );
  }

  #attention(at: string, x: Rows): Rows {
    const { numHeads, hiddenSize } = this.vision.tower;
    const [q, k, v] = ['qProj', 'kProj', 'vProj'].map((name) => this.#linear(`${at}.${name}`, x));
    const dim = hiddenSize / numHeads;
    const mixed = q!.map((query) =>
      Array.from({ length: numHeads }, (_, head) => {
        const part = (row: number[]) => row.slice(head * dim, (head + 1) * dim);
        const scores = k!.map((key) => Math.exp(dot(part(query), part(key)) / Math.sqrt(dim)));
        const total = scores.reduce((sum, score) => sum + score, 0);
        return Array.from(
          { length: dim },
          (_, i) =>
            dot(
              scores,
              v!.map((row) => part(row)[i]!),
            ) / total,
        );
      }).flat(),
    );
    return this.#linear(`${at}.oProj`, mixed);
  }

  #linear(name: string, x: Rows): Rows {
    const [weight, bias] = [this.#weights.get(name)!, this.#weights.get(`${name}Bias`)!];
    return x.map((row) =>
      bias.map((offset, i) => offset + dot(row, weight.slice(i * row.length, (i + 1) * row.length))),
    );
  }

  #norm(name: string, x: Rows): Rows {
    const [weight, bias] = [this.#weights.get(name)!, this.#weights.get(`${name}Bias`)!];
    return x.map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-6)) * weight[i]! + bias[i]!);
    });
  }
}

/** The squares of 2 × 2 of a grid, row by row: the rows of each. */
function windows(rows: number, columns: number): number[][] {
  return Array.from({ length: (rows * columns) / 4 }, (_, i) => {
    const first = Math.floor(i / (columns / 2)) * 2 * columns + (i % (columns / 2)) * 2;
    return [first, first + 1, first + columns, first + columns + 1];
  });
}

function added(x: Rows, y: Rows): Rows {
  return x.map((row, i) => row.map((value, j) => value + y[i]![j]!));
}

function dot(x: number[], y: number[]): number {
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
}

function geluTanh(x: number): number {
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** erf by its series, which is exact enough for the small numbers here. */
function geluErf(x: number): number {
  const z = x / Math.SQRT2;
  let [term, sum] = [z, z];
  for (let n = 1; n < 40; n++) {
    term *= -(z * z) / n;
    sum += term / (2 * n + 1);
  }
  return (x / 2) * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}

test.each([
  ['16x', 'auto'],
  ['4x', 'auto'],
  ['16x', '4x'],
] as const)('tiles of several shapes from a checkpoint of %s, loaded as %s', async (mode, downsampling) => {
  const config = tinyMergingConfig({ downsample_mode: mode });
  const database = newDatabase();
  const { id } = await importModel(tinyMergingFolder(config), { database, quantization: 'f32' });
  const { signal } = new AbortController();
  const store = new WeightStore(database);
  const request = { contextLength: 64, downsampling };
  const session = await loadModel(store, { backend: 'cpu' }, id, request, () => undefined, signal);
  const { encoder, backend, sizes } = await tileEncoderOf(session);
  const target = backend.createBuffer('features', sizes.bytesPerTile);
  const isMergedTwice = mode === '16x' && downsampling === 'auto';
  const vision = configFromJson(config, null).vision as MergingVision;
  const reference = new Reference(config, isMergedTwice ? vision : { ...vision, insertLayer: null });
  for (const [rows, columns] of [
    [8, 8],
    [4, 12],
    [12, 4],
  ] as const) {
    const values = new Random(rows).rows(rows * columns, 48, sizes.patchWidth);
    await encoder.encode({ rows, columns, values }, target, 0, () => undefined);
    const patches = Array.from({ length: rows * columns }, (_, i) => [
      ...values.subarray(i * sizes.patchWidth, i * sizes.patchWidth + 48),
    ]);
    const want = reference.features(patches, rows, columns);
    expect(want).toHaveLength((rows * columns) / (isMergedTwice ? 16 : 4));
    // The language model is 64 wide, which is a whole number of blocks.
    const got = new Float32Array(await backend.read(target, want.length * 64 * Float32Array.BYTES_PER_ELEMENT));
    expect(nmse(got, Float32Array.from(want.flat())), `${rows} × ${columns}`).toBeLessThan(1e-10);
  }
  await session.dispose();
});
