import { expect, test } from 'vitest';
import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import { rotaryDim } from '../checkpoint/modelConfig';
import { requiredTensors } from '../checkpoint/names';
import { forward } from '../model/minicpm';
import { languageModelWeights } from '../model/weights';
import { RandomModel } from '../testing/randomModel';
import { tinyLatentConfig } from '../testing/tinyLatentCheckpoint';
import { tinyHybridConfig } from '../testing/tinyHybridCheckpoint';
import { planBuffers } from './bufferPlan';
import { CpuBackend } from './cpuBackend';
import { fuse, MAX_FUSED_ROWS } from './fuse';
import { Ops } from './graph';
import type { DeviceBuffer, Graph, LayerMemory, Matrix, Op, Tensor, Vector } from './graph';

const model = new RandomModel(new CpuBackend(), 'int4', 'f16', 8);

test('a decoder layer of one row is five ops', () => {
  const kinds = fuse(model.graph(1, 'last'))!.ops.map(({ kind }) => kind);
  const layer = ['projections', 'cachedAttention', 'residualProjection', 'gatedProjections', 'residualProjection'];
  expect(kinds).toEqual(['embedding', 'weigh', ...layer, ...layer, 'projections']);
});

test('four shards of the head are one op', () => {
  const { ops, output } = model.graph(1, 'last');
  const head = ops.at(-1)!;
  if (head.kind !== 'linear') throw new Error('the head is not the last op');
  const [shard] = head.weight.shards;
  const inShards = (count: number) => {
    const shards = Array.from({ length: count }, (_, i) => ({ ...shard!, rowStart: i * shard!.rows }));
    const last = { ...head, weight: { ...head.weight, rows: count * shard!.rows, shards } };
    return fuse({ capacity: 1, ops: [...ops.slice(0, -1), last], output })!.ops;
  };
  const heads = (count: number) => inShards(count).filter((op) => op.kind === 'projections' && op.out === output);
  expect(heads(3)).toMatchObject([{ weights: [{ start: 0 }, { start: shard!.rows }, { start: 2 * shard!.rows }] }]);
  expect(heads(5)).toMatchObject([{}, { weights: [{ start: 4 * shard!.rows }] }]);
});

test('eight rows take the same ops as one', () => {
  const kinds = (rows: number) => fuse(model.graph(rows, 'all'))!.ops.map(({ kind }) => kind);
  expect(kinds(MAX_FUSED_ROWS)).toEqual(kinds(1));
});

test('the last of several rows, and more rows than a batch, stay as recorded', () => {
  expect(fuse(model.graph(2, 'last'))).toBeNull();
  expect(fuse(model.graph(MAX_FUSED_ROWS + 1, 'all'))).toBeNull();
});

test('attention that nothing is rotated for stays as recorded', () => {
  const { ops, output } = model.graph(1, 'last');
  const rotated = new Map<Tensor, Tensor>(ops.flatMap((op) => (op.kind === 'rope' ? [[op.out, op.x]] : [])));
  const unrotated = ops.flatMap((op): Op[] => {
    if (op.kind === 'rope') return [];
    if (op.kind === 'kvAppend') return [{ ...op, k: rotated.get(op.k)! }];
    return [op.kind === 'attention' ? { ...op, q: rotated.get(op.q)! } : op];
  });
  expect(fuse({ capacity: 1, ops: unrotated, output })).toBeNull();
});

/** The graph of the model that a config.json describes, for so many rows; nothing of it is in memory. */
function graphOf(json: JsonObject, rows: number, positions: 'last' | 'all' = 'last'): Graph {
  const config = configFromJson(json, null, 'config.json');
  const buffer: DeviceBuffer = { byteLength: 0, destroy: () => undefined };
  const tensors = requiredTensors(config);
  const matrix = (name: string): Matrix => {
    const [rows, columns] = tensors.get(name) as [number, number];
    return { format: 'int4', rows, columns, shards: [{ rowStart: 0, rows, buffer }] };
  };
  const vector = (name: string): Vector => ({ length: tensors.get(name)![0], buffer });
  const { hybrid, numKvHeads, headDim } = config;
  const rope = { positions: 64, headDim: rotaryDim(config), buffer };
  const memory = Array.from({ length: config.numLayers }, (_, layer): LayerMemory => {
    if (hybrid?.layerKinds[layer] === 'delta-net')
      return { ...hybrid.delta, memory: { ...buffer }, recent: { ...buffer } };
    return { format: 'f16', capacity: 64, numKvHeads, headDim, keys: { ...buffer }, values: { ...buffer } };
  });
  const ops = new Ops(rows);
  const weights = languageModelWeights(config, rope, matrix, vector);
  return ops.graph(forward(ops, { config, weights }, memory, positions));
}

/** Of a model of both kinds of layers, and of one with latent attention. */
const hybridGraph = (rows: number, overrides: JsonObject = {}) => graphOf(tinyHybridConfig(overrides), rows);
const latentGraph = (rows: number, overrides: JsonObject = {}) => graphOf(tinyLatentConfig(overrides), rows);

test('layers with a state, and those with norms and gates around attention, are five ops too', () => {
  const layer = (mixer: string) => [
    'projections',
    mixer,
    'residualProjection',
    'gatedProjections',
    'residualProjection',
  ];
  const fused = fuse(hybridGraph(1))!;
  const mixers = ['deltaNetStep', 'cachedAttention', 'deltaNetStep', 'deltaNetStep'];
  expect(fused.ops.map(({ kind }) => kind)).toEqual(['embedding', 'weigh', ...mixers.flatMap(layer), 'projections']);
  // Nobody reads what nobody writes.
  expect(() => planBuffers(fused)).not.toThrow();
});

test('several rows, and values that do not come in quads, have no fused form in a layer with a state', () => {
  expect(fuse(hybridGraph(2))).toBeNull();
  expect(fuse(hybridGraph(1, { linear_value_head_dim: 18 }))).toBeNull();
});

/** The same graph with some of its ops changed. */
const changed = (graph: Graph, change: (op: Op) => Op): Graph => ({ ...graph, ops: graph.ops.map(change) });

test.each([
  ['heads apart', (op) => (op.kind === 'headNorm' ? { ...op, heads: { ...op.heads, stride: 100 } } : op)],
  ['other gates', (op) => (op.kind === 'gateHeads' ? { ...op, gating: 'sigmoid' } : op)],
  ['gates in front', (op) => (op.kind === 'gateHeads' ? { ...op, heads: { ...op.heads, start: 4 } } : op)],
  ['other norms of keys', (op) => (op.kind === 'headNorm' && op.heads.numHeads === 2 ? { ...op, eps: 1e-3 } : op)],
] satisfies [string, (op: Op) => Op][])('%s: what the kernels have no form for stays as recorded', (_, change) => {
  expect(fuse(changed(hybridGraph(1), change))).toBeNull();
});

test('layers with latent attention are six ops, also for several rows', () => {
  const layer = [
    'projections',
    'latentStep',
    'cachedAttention',
    'residualProjection',
    'gatedProjections',
    'residualProjection',
  ];
  const fused = fuse(latentGraph(1))!;
  expect(fused.ops.map(({ kind }) => kind)).toEqual(['embedding', 'weigh', ...layer, ...layer, 'projections']);
  expect(() => planBuffers(fused)).not.toThrow();
  const several = fuse(graphOf(tinyLatentConfig(), MAX_FUSED_ROWS, 'all'))!;
  expect(several.ops.map(({ kind }) => kind)).toEqual(fused.ops.map(({ kind }) => kind));
});

test.each([
  ['another matrix for values', (op) => (op.kind === 'latentValues' ? { ...op, kvB: { ...op.kvB } } : op)],
  ['other norms of queries', (op) => (op.kind === 'rmsNorm' && op.weight.length === 40 ? { ...op, eps: 1e-5 } : op)],
  ['values that are rotated', (op) => (op.kind === 'kvAppend' ? { ...op, v: op.k } : op)],
] satisfies [string, (op: Op) => Op][])('%s: what latents have no form for stays as recorded', (_, change) => {
  expect(fuse(changed(latentGraph(1), change))).toBeNull();
});

test('latents whose queries would not fit in workgroup memory stay as recorded', () => {
  expect(fuse(latentGraph(1, { q_lora_rank: 4000 }))).toBeNull();
});

test('a graph with a value that a fused op would swallow stays as recorded', () => {
  const { ops, output } = model.graph(1, 'last');
  const branch = ops.find((op) => op.kind === 'add')!.branch;
  const reader = new Ops(1).scale(branch, 2);
  const graph = { capacity: 1, ops: [...ops, { kind: 'scale' as const, x: branch, factor: 2, out: reader }], output };
  expect(fuse(graph)).toBeNull();
});

test('a graph without a norm stays as recorded', () => {
  const { ops, output } = model.graph(1, 'last');
  expect(fuse({ capacity: 1, ops: ops.filter(({ kind }) => kind !== 'rmsNorm'), output })).toBeNull();
});
