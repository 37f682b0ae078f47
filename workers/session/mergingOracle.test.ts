import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unfoldPatches } from '../model/patches';
import { windowOrder } from '../model/windowOrder';
import { CpuBackend } from '../ops/cpuBackend';
import type { Graph, Op, Tensor } from '../ops/graph';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { goldenFile, hasOracle, oracleFiles, type GoldenFile } from '../testing/oracle';
import { tileEncoderOf } from '../testing/tileEncoderOf';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** MiniCPM-V 4.6 on the CPU backend, against the outputs of transformers: text layer by layer, and the vision part. */

const MODEL = 'tiny-minicpmv-4.6';
const PATCH = 14;

/** Largest difference over the largest golden value, and the cosine between the two. */
function compare(got: ArrayLike<number>, want: Float32Array) {
  let [difference, largest, product, gotPower, wantPower] = [0, 0, 0, 0, 0];
  want.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - got[i]!));
    largest = Math.max(largest, Math.abs(value));
    product += value * got[i]!;
    gotPower += got[i]! ** 2;
    wantPower += value ** 2;
  });
  return { error: difference / largest, cosine: product / Math.sqrt(gotPower * wantPower) };
}

function expectSame(got: ArrayLike<number>, want: Float32Array, where: string): void {
  expect(got.length, where).toBe(want.length);
  const { error, cosine } = compare(got, want);
  expect(error, where).toBeLessThan(1e-4);
  expect(cosine, where).toBeGreaterThan(0.99999);
}

/** Rows without the padding behind each. */
function unpadded(padded: Float32Array, rows: number, columns: number): Float32Array {
  const width = padded.length / rows;
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => padded[Math.floor(i / columns) * width + (i % columns)]!,
  );
}

describe.skipIf(!hasOracle)('the language model of MiniCPM-V 4.6, and its eyes', { timeout: 120_000 }, () => {
  let session: Session;
  let golden: GoldenFile;
  /** Recorded at load: of these, one computes prompts. */
  let graphs: Graph[];
  let backend: CpuBackend;

  beforeAll(async () => {
    golden = goldenFile(MODEL, 'bf16');
    const database = newDatabase();
    const { id } = await importModel(oracleFiles(`${MODEL}/safetensors-bf16`), { database, quantization: 'f32' });
    const compiling = vi.spyOn(CpuBackend.prototype, 'compile');
    const { signal } = new AbortController();
    const request = { kvCache: 'f32' as const };
    session = await loadModel(new WeightStore(database), { backend: 'cpu' }, id, request, () => undefined, signal);
    graphs = compiling.mock.calls.map(([graph]) => graph);
    backend = compiling.mock.contexts[0] as CpuBackend;
    compiling.mockRestore();
  }, 120_000);

  afterAll(() => session?.dispose());

  /** What a part of a prompt's forward pass gives, row by row without padding. */
  async function outputOf(tokenIds: number[], select: (ops: readonly Op[]) => Tensor, columns: number) {
    const graph = graphs.find(
      ({ capacity, ops }) => capacity > tokenIds.length && ops.some(({ kind }) => kind === 'deltaRule'),
    )!;
    const output = select(graph.ops);
    const end = graph.ops.findIndex((op) => 'out' in op && op.out === output) + 1;
    const program = await backend.compile({ ...graph, ops: graph.ops.slice(0, end), output });
    return unpadded(await program.run({ tokenIds, position: 0 }, tokenIds.length), tokenIds.length, columns);
  }

  test('embedding and every layer', async () => {
    const { input_ids: tokenIds } = golden.prompts[1]!;
    const columns = golden.tensor('p1.hidden.embed')!.shape[1]!;
    const outs = (kind: Op['kind']) => (ops: readonly Op[]) =>
      ops.flatMap((op) => (op.kind === kind && 'out' in op ? [op.out] : []));
    const hidden = (select: (ops: readonly Op[]) => Tensor) => outputOf(tokenIds, select, columns);
    expectSame(
      await hidden((ops) => outs('embedding')(ops)[0]!),
      golden.tensor('p1.hidden.embed')!.values,
      'embedding',
    );
    for (let layer = 0; layer < session.config.numLayers; layer++) {
      // Two sums in each layer.
      const got = await hidden((ops) => outs('add')(ops)[2 * layer + 1]!);
      expectSame(got, golden.tensor(`p1.hidden.layer${layer}`)!.values, `layer ${layer}`);
    }
  });

  test('logits of every position, and of every text', async () => {
    for (const { index, input_ids: tokenIds, logits_std: deviation, image } of golden.prompts) {
      if (image) continue;
      const check = async (positions: 'last' | 'all', want: Float32Array) => {
        const { logits } = await session.forward({ tokenIds }, positions);
        const difference = want.reduce((most, logit, i) => Math.max(most, Math.abs(logits[i]! - logit)), 0);
        expect(difference / deviation, `prompt ${index}, ${positions}`).toBeLessThan(1e-3);
        expect(compare(logits, want).cosine, `prompt ${index}, ${positions}`).toBeGreaterThan(0.999999);
      };
      await check('last', golden.tensor(`p${index}.logits_last`)!.values);
      const all = golden.tensor(`p${index}.logits_all`);
      if (all) await check('all', all.values);
    }
  });

  test('greedy answers to every text', async () => {
    for (const { index, input_ids: tokenIds, greedy, image } of golden.prompts) {
      if (image) continue;
      const tokens: number[] = [];
      const options = { temperature: 0, repetition_penalty: 1, ignore_eos: true, max_tokens: greedy.tokens.length };
      const { signal } = new AbortController();
      await session.generate({ tokenIds }, options, ({ tokenId }) => tokens.push(tokenId), signal);
      expect(tokens, `prompt ${index}`).toEqual(greedy.tokens);
    }
  });

  test('features of the tower and of the connector, tile by tile', async () => {
    const { encoder, sizes } = await tileEncoderOf(session);
    const { bytesPerTile, patchWidth } = sizes;
    const target = backend.createBuffer('features', bytesPerTile);
    for (const { index, image, target_sizes_hw_patches: grids = [] } of golden.prompts as PicturePrompt[]) {
      if (!image) continue;
      const strip = golden.tensor(`p${index}.pixel_values`)!;
      const vision = golden.tensor(`p${index}.vision_last_hidden`)!;
      const columns = vision.shape[1]!;
      let [patchesBefore, rowsBefore] = [0, 0];
      for (const [k, [rows, width]] of grids.entries()) {
        const pixels = unstripped(strip, patchesBefore, rows, width);
        const tile = unfoldPatches(pixels, { height: rows * PATCH, width: width * PATCH }, PATCH, patchWidth);
        await encoder.encode(tile, target, 0, () => undefined);
        const count = (rows * width) / 4;
        const bytes = count * Math.ceil(columns / 32) * 128;
        const inOrder = unpadded(new Float32Array(await backend.read(encoder.features, bytes)), count, columns);
        const features = new Float32Array(inOrder.length);
        // The tower has merged patches once, and they stand in windows of what they became.
        windowOrder({ rows: rows / 2, columns: width / 2 }, 1).forEach((to, from) => {
          features.set(inOrder.subarray(from * columns, (from + 1) * columns), to * columns);
        });
        const wantFeatures = vision.values.subarray(rowsBefore * columns, (rowsBefore + count) * columns);
        expectSame(features, wantFeatures, `prompt ${index}, tile ${k}, tower`);
        const merged = golden.tensor(`p${index}.tile${k}.merged`)!;
        const [mergedRows, mergedColumns] = merged.shape as [number, number];
        const padded = new Float32Array(await backend.read(target, mergedRows * Math.ceil(mergedColumns / 32) * 128));
        expectSame(unpadded(padded, mergedRows, mergedColumns), merged.values, `prompt ${index}, tile ${k}, merged`);
        patchesBefore += rows * width;
        rowsBefore += count;
      }
    }
  });
});

interface PicturePrompt {
  index: number;
  image?: string;
  target_sizes_hw_patches?: [number, number][];
}

/** The pixels [3, height, width] of a tile that lies in a strip of patches [3, 14, 14 · patches]. */
function unstripped(
  { shape, values }: { shape: number[]; values: Float32Array },
  first: number,
  rows: number,
  columns: number,
): Float32Array {
  const stripWidth = shape[2]!;
  const [height, width] = [rows * PATCH, columns * PATCH];
  return Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    const patch = first + Math.floor(y / PATCH) * columns + Math.floor(x / PATCH);
    return values[(channel * PATCH + (y % PATCH)) * stripWidth + patch * PATCH + (x % PATCH)]!;
  });
}
