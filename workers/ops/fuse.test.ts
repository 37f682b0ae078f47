import { expect, test } from 'vitest';
import { RandomModel } from '../testing/randomModel';
import { CpuBackend } from './cpuBackend';
import { fuse, MAX_FUSED_ROWS } from './fuse';
import { Ops, type Op, type Tensor } from './graph';

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

test('attention that nothing is rotated for reads its part of the projections', () => {
  const { ops, output } = model.graph(1, 'last');
  const rotated = new Map<Tensor, Tensor>(ops.flatMap((op) => (op.kind === 'rope' ? [[op.out, op.x]] : [])));
  const unrotated = ops.flatMap((op): Op[] => {
    if (op.kind === 'rope') return [];
    if (op.kind === 'kvAppend') return [{ ...op, k: rotated.get(op.k)! }];
    return [op.kind === 'attention' ? { ...op, q: rotated.get(op.q)! } : op];
  });
  const fused = fuse({ capacity: 1, ops: unrotated, output })!.ops;
  const [projections] = fused.flatMap((op) => (op.kind === 'projections' ? [op.out] : []));
  const [queries] = fused.flatMap((op) => (op.kind === 'attention' ? [op.q] : []));
  expect(queries).toMatchObject({ id: projections!.id, start: 0 });
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
