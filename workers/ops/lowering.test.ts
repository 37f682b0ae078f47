import { expect, test } from 'vitest';
import { matrixLayout } from '../quant/layout';
import type { FusedOp } from './fusedOps';
import type { Matrix, Tensor } from './graph';
import { PLAIN_KERNELS, type KernelChoice } from './kernelChoice';
import { lower } from './lowering';

type Attending = Extract<FusedOp, { kind: 'cachedAttention' }>;

const BUFFER = { byteLength: matrixLayout('int4', 64, 64).bytes, destroy: () => undefined };
const WEIGHT: Matrix = { format: 'int4', rows: 64, columns: 64, shards: [{ rowStart: 0, rows: 64, buffer: BUFFER }] };

/** The shader files that multiply this many activation rows. */
function filesOf(rows: number, kernels: KernelChoice): string[] {
  const [x, out] = [0, 1].map((id): Tensor => ({ id, rows, width: 64 }));
  const op = { kind: 'linear', x: x!, weight: WEIGHT, out: out! } as const;
  return lower(op, kernels).flatMap(({ launch }) => launch.kernel.sources.map(({ file }) => file));
}

test('a linear op takes the variant chosen for its number of rows', () => {
  const kernels = { matvec: 'f16', matmul: 'int8' } as const;
  expect(filesOf(8, kernels)).toContain('f16Stage.wgsl');
  expect(filesOf(9, kernels)).toContain('int8Matmul.wgsl');
});

test('matrix units serve where there are any', () => {
  const kernels = { matvec: 'f32', matmul: 'subgroup-matrix' } as const;
  expect(filesOf(64, kernels)).not.toContain('matrixUnitMatmul.wgsl');
  const matrixUnit = { m: 8, n: 8, k: 8, element: 'f16' } as const;
  expect(filesOf(64, { ...kernels, matrixUnit })).toContain('matrixUnitMatmul.wgsl');
});

/** Attention of one row. */
function attending(expanded: Attending['expanded'] = null): Attending {
  const [qkv, out, partials] = [0, 1, 2].map((id): Tensor => ({ id, rows: 1, width: 384 }));
  const cache = { format: 'f16', numKvHeads: 1, headDim: 64, capacity: 64, keys: BUFFER, values: BUFFER } as const;
  return {
    kind: 'cachedAttention',
    qkv: qkv!,
    keyStart: 256,
    valueStart: 320,
    table: { positions: 64, headDim: 64, buffer: BUFFER },
    cache,
    numHeads: 4,
    scale: 1,
    gated: null,
    expanded,
    out: out!,
    partials: partials!,
  };
}

test('attention has smaller workgroups where a processor computes', () => {
  const invocations = (isOnProcessor: boolean) =>
    lower(attending(), { ...PLAIN_KERNELS, isOnProcessor })[0]!.launch.constants.WORKGROUP_SIZE;
  expect([invocations(false), invocations(true)]).toEqual([256, 64]);
  const queries = (isOnProcessor: boolean) => {
    const { cache, qkv: q, out } = attending();
    const op = { kind: 'attention', q: { ...q, rows: 100 }, cache, numHeads: 4, scale: 1, out } as const;
    return lower(op, { ...PLAIN_KERNELS, isOnProcessor })[0]!.launch.constants.QUERIES;
  };
  expect([queries(false), queries(true)]).toEqual([16, 4]);
});

test('a matrix that several bindings would hold is refused where a kernel has one for it', () => {
  const [shard] = WEIGHT.shards;
  const kvB = { ...WEIGHT, shards: [shard!, { ...shard!, rowStart: 64 }] };
  const heads = { numHeads: 4, ropeDim: 32, rank: 32, contentDim: 4, valueDim: 12 };
  const q = attending().qkv;
  expect(() => lower({ kind: 'latentQueries', q, kvB, heads, out: q })).toThrow(/must fit into one binding/);
});

test('attention to latents is given the matrix of values, also where chunks are merged', () => {
  const heads = { numHeads: 4, ropeDim: 32, rank: 32, contentDim: 4, valueDim: 12 };
  const dispatches = lower(attending({ heads, kvB: WEIGHT }));
  expect(dispatches.map(({ launch }) => launch.kernel.name)).toEqual([
    'cachedAttention f16',
    'mergeLatentAttention int4',
  ]);
  for (const { launch, operands } of dispatches) {
    expect(operands.at(-1)).toBe(BUFFER);
    expect(launch.kernel.bindings).toHaveLength(1 + operands.length);
  }
});
