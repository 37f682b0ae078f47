import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KernelCompiler, type Launch } from '../gpu/kernel';
import type { KernelVariant } from '../protocol/kernels';
import type { KvCacheFormat } from '../protocol/loading';
import type { MatrixFormat } from '../quant/layout';
import { add } from './add/add';
import { argmax } from './argmax/argmax';
import { attention } from './attention/attention';
import { averageRows } from './averageRows/averageRows';
import { bias } from './bias/bias';
import { cachedAttention } from './cachedAttention/cachedAttention';
import { deltaNetStep } from './deltaNetStep/deltaNetStep';
import { deltaRule } from './deltaRule/deltaRule';
import { embedding } from './embedding/embedding';
import { featureRows } from './featureRows/featureRows';
import { gatedProjections } from './gatedProjections/gatedProjections';
import { gateHeads } from './gateHeads/gateHeads';
import { headNorm } from './headNorm/headNorm';
import { kvAppend } from './kvAppend/kvAppend';
import { lastRow } from './lastRow/lastRow';
import { latentKey } from './latentKey/latentKey';
import { latentQueries } from './latentQueries/latentQueries';
import { latentStep } from './latentStep/latentStep';
import { latentValues } from './latentValues/latentValues';
import { layerNorm } from './layerNorm/layerNorm';
import { matmul, type MatrixUnit } from './matmul/matmul';
import { matvec } from './matvec/matvec';
import { mergeAttention } from './mergeAttention/mergeAttention';
import { mergeLatentAttention } from './mergeLatentAttention/mergeLatentAttention';
import { mixRows } from './mixRows/mixRows';
import { penalize } from './penalize/penalize';
import { projections } from './projections/projections';
import { residualProjection } from './residualProjection/residualProjection';
import { rmsNorm } from './rmsNorm/rmsNorm';
import { rope } from './rope/rope';
import { sample } from './sample/sample';
import { scale } from './scale/scale';
import { shortConvolution } from './shortConvolution/shortConvolution';
import { stackRows } from './stackRows/stackRows';
import { swiglu } from './swiglu/swiglu';
import { tiledAttention } from './tiledAttention/tiledAttention';
import { weigh } from './weigh/weigh';
import { windowAttention } from './windowAttention/windowAttention';

/** Every kernel in every variant at the sizes of MiniCPM-2B, on Dawn's null device, which compiles and does no more. */

const MATRIX_FORMATS: MatrixFormat[] = ['int4', 'int4-affine', 'int8', 'int8-affine', 'f16', 'f32'];
const KV_FORMATS: KvCacheFormat[] = ['f32', 'f16', 'int8'];
const VARIANTS: KernelVariant[] = ['f32', 'f16', 'int8', 'subgroups', 'registers', 'subgroup-matrix'];

/** Those of Apple, NVIDIA and Intel. */
const MATRIX_UNITS: MatrixUnit[] = [
  { m: 8, n: 8, k: 8, element: 'f32' },
  { m: 16, n: 16, k: 16, element: 'f16' },
  { m: 8, n: 16, k: 16, element: 'f16' },
];

const HIDDEN = 2304;
const INTERMEDIATE = 5760;
const HEADS = { numHeads: 36, headDim: 64 };
const VOCAB = { vocabSize: 122_753, width: 122_784 };

/** Query heads, key heads and their width: MiniCPM-2B, -1B, 4-0.5B, 4-8B and 3-4B, and the widest of each kind of workgroup. */
const HEAD_SHAPES = [
  [36, 36, 64],
  [24, 8, 64],
  [16, 2, 64],
  [32, 2, 128],
  [12, 3, 256],
  [40, 1, 288],
  [12, 3, 320],
  [8, 2, 510],
  [3, 3, 512],
] as const;

/** The heads of SigLIP and of MiniCPM-V 2.0's resampler. */
const VISION_HEADS = [
  ['step', 16, 72],
  ['before', 18, 128],
] as const;

/** The heads of the linear layers of MiniCPM-V 4.6, and the widest that are supported. */
const DELTA_HEADS = [
  [16, 16, 128],
  [2, 4, 256],
] as const;

/** Those of MiniCPM3. */
const LATENT_HEADS = { numHeads: 40, rank: 256, ropeDim: 32, contentDim: 64, valueDim: 64 };

const PLAIN: Launch[] = [
  latentKey({ ...LATENT_HEADS, eps: 1e-6 }),
  ...MATRIX_FORMATS.flatMap((format) => {
    const projected = { queryRank: 768, xWidth: 1056, keyStart: 768 };
    const formats = { qB: format, kvB: format };
    return [
      latentQueries({ ...LATENT_HEADS, format }),
      latentValues({ ...LATENT_HEADS, format }),
      latentStep({ ...LATENT_HEADS, ...projected, formats, eps: 1e-6 }),
    ];
  }),
  rope({ numHeads: 8, headDim: 256, rotaryDim: 64 }),
  headNorm({ numHeads: 8, headDim: 256, stride: 512, xWidth: 4096, eps: 1e-6 }),
  ...(['sigmoid', 'silu'] as const).map((gating) =>
    gateHeads({ numHeads: 8, headDim: 256, start: 256, stride: 512, gateWidth: 4096, gating }),
  ),
  shortConvolution({ channels: 6144, taps: 4 }),
  ...DELTA_HEADS.flatMap(([numKeyHeads, numValueHeads, headDim]) => {
    const heads = { numKeyHeads, numValueHeads, keyHeadDim: headDim, valueHeadDim: headDim };
    const starts = { decayStart: 6144, betaStart: 6176, gateStart: 6208 };
    return [deltaRule(heads), deltaNetStep({ ...heads, ...starts, taps: 4, eps: 1e-6 })];
  }),
  stackRows({ count: 4, columns: 1152 }),
  averageRows({ count: 4, width: 1152 }),
  windowAttention({ numHeads: 16, headDim: 72, scale: 1 / 8 }),
  add({ width: HIDDEN, scale: 0.2 }),
  lastRow({ rows: 128, width: HIDDEN }),
  rmsNorm({ columns: HIDDEN, eps: 1e-5 }),
  rope(HEADS),
  scale({ width: HIDDEN, factor: 1 / 9 }),
  swiglu({ width: INTERMEDIATE }),
  penalize(VOCAB),
  sample(VOCAB),
  argmax(VOCAB),
  weigh({ width: HIDDEN }),
  layerNorm({ columns: 1152, eps: 1e-6 }),
  ...(['none', 'gelu', 'gelu-tanh'] as const).map((activation) => bias({ width: 4320, activation })),
  ...VISION_HEADS.map(([seen, numHeads, headDim]) => {
    const cache = { format: 'f32' as const, numKvHeads: numHeads, capacity: 1280, headDim };
    return tiledAttention({ numHeads, cache, scale: 1 / 8, seen });
  }),
  featureRows({ firstId: VOCAB.vocabSize, rows: 640, width: HIDDEN }),
  ...MATRIX_FORMATS.map((format) => mixRows({ format, rows: 729, columns: 1152, mixWidth: 736 })),
  ...MATRIX_FORMATS.map((format) => embedding({ format, rowStart: 0, rows: 60_000, columns: HIDDEN, scale: 12 })),
];

/** Of MiniCPM-V 4.6, one layer in four, and the widest. */
function gatedAttending(format: KvCacheFormat): Launch[] {
  return [256, 512].flatMap((headDim) => {
    const shape = { numHeads: 8, cache: { format, numKvHeads: 2, capacity: 4096, headDim } };
    const [qkvWidth, keyStart, valueStart] = [20, 16, 18].map((heads) => heads * headDim) as [number, number, number];
    const gated = { queryStride: 2 * headDim, gateStart: headDim, eps: 1e-6 };
    const attending = { ...shape, qkvWidth, keyStart, valueStart, rotaryDim: 64, scale: 1 / 16, gated };
    return [
      ...[1, 8].map((batch) => cachedAttention({ ...attending, expanded: null, batch })),
      mergeAttention({ ...shape, gated: { ...gated, qkvWidth } }),
    ];
  });
}

/** Of MiniCPM3-4B. */
function latentAttending(format: KvCacheFormat): Launch[] {
  const shape = { numHeads: 40, cache: { format, numKvHeads: 1, capacity: 4096, headDim: 288 } };
  const qkv = { qkvWidth: 11_808, keyStart: 11_520, valueStart: 11_520, rotaryDim: 32, scale: 0.1 };
  return MATRIX_FORMATS.flatMap((weightFormat) => {
    const expanded = { ...LATENT_HEADS, format: weightFormat };
    return [
      ...[false, true].flatMap((isOnProcessor) =>
        [1, 8].map((batch) => cachedAttention({ ...shape, ...qkv, gated: null, expanded, batch, isOnProcessor })),
      ),
      mergeLatentAttention(shape.cache, expanded),
    ];
  });
}

function attending(format: KvCacheFormat): Launch[] {
  return HEAD_SHAPES.flatMap(([numHeads, numKvHeads, headDim]) => {
    const cache = { format, numKvHeads, capacity: 4096, headDim };
    const shape = { numHeads, cache, scale: 1 / 8 };
    const qkv = { qkvWidth: 3 * HIDDEN, keyStart: HIDDEN, valueStart: 2 * HIDDEN };
    return [
      kvAppend(cache),
      attention(shape),
      ...[false, true].map((isOnProcessor) => tiledAttention({ ...shape, isOnProcessor })),
      ...[false, true].flatMap((isOnProcessor) =>
        [1, 8].map((batch) =>
          cachedAttention({ ...shape, ...qkv, rotaryDim: headDim, gated: null, expanded: null, batch, isOnProcessor }),
        ),
      ),
      mergeAttention({ ...shape, gated: null }),
    ];
  });
}

function multiplying(format: MatrixFormat, variant: KernelVariant): Launch[] {
  const shape = { format, variant, rowStart: 0, rows: HIDDEN, columns: INTERMEDIATE };
  const part = (outStart: number) => ({ format, rows: HIDDEN, outStart });
  const parts = [part(0), part(HIDDEN), part(2 * HIDDEN)];
  // What has few rows keeps its floats.
  const besideFloats = [part(0), { format: 'f32' as const, rows: 32, outStart: HIDDEN }];
  return [
    ...MATRIX_UNITS.map((matrixUnit) => matmul({ ...shape, outWidth: HIDDEN, matrixUnit })),
    ...[1, 4, 8].flatMap((batch) => [
      matvec({ ...shape, outWidth: HIDDEN, batch }),
      projections({ parts, columns: HIDDEN, outWidth: 3 * HIDDEN, eps: 1e-5, gain: 1, batch, variant }),
      projections({ parts: besideFloats, columns: HIDDEN, outWidth: 3 * HIDDEN, eps: 1e-5, gain: 1, batch, variant }),
      residualProjection({ ...shape, scale: 0.2, batch }),
      gatedProjections({ gate: format, up: format, rows: INTERMEDIATE, columns: HIDDEN, eps: 1e-5, batch, variant }),
    ]),
  ];
}

const dawn = await import('webgpu').catch(() => null);

let device: GPUDevice;
let compiler: KernelCompiler;
/** Referenced while the tests run: Dawn may abort when its objects are collected. */
const alive: unknown[] = [];

beforeAll(async () => {
  if (!dawn) return;
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const adapter = await gpu.requestAdapter();
  const requiredFeatures = [...adapter!.features] as GPUFeatureName[];
  device = await adapter!.requestDevice({ requiredFeatures });
  alive.push(gpu, adapter, device);
  compiler = new KernelCompiler(device);
});

afterAll(() => device?.destroy());

async function compiles(launches: Launch[]) {
  for (const launch of launches) {
    const { bindings, sources } = launch.kernel;
    for (const { file } of sources) compiled.add(file.split(' ')[0]!);
    const storage = bindings.filter((type) => type !== 'uniform');
    expect(storage.length, launch.kernel.name).toBeLessThanOrEqual(8);
    // Also an error on a device with default limits: too much workgroup memory, too many invocations.
    await compiler.compile(launch);
  }
}

/** Shader files that some launch was made of. */
const compiled = new Set<string>();

describe.skipIf(!dawn)('at default limits, where Dawn has a build for Node', () => {
  test('the device has them', () => {
    expect(device.limits.maxStorageBufferBindingSize).toBe(128 * 1024 * 1024);
    expect(device.limits.maxComputeWorkgroupStorageSize).toBe(16 * 1024);
    expect(device.limits.maxComputeInvocationsPerWorkgroup).toBe(256);
  });

  test('what does not multiply by weights compiles', () => compiles(PLAIN));
  test('what reads or writes the cache compiles', () =>
    compiles(
      KV_FORMATS.flatMap((format) => [...attending(format), ...gatedAttending(format), ...latentAttending(format)]),
    ));

  for (const variant of VARIANTS) {
    for (const format of MATRIX_FORMATS) {
      test(`${format} weights, variant ${variant}: compiles`, () => compiles(multiplying(format, variant)));
    }
  }

  test('no shader is missing here', () => {
    const files = (readdirSync(import.meta.dirname, { recursive: true }) as string[]).filter((f) =>
      f.endsWith('.wgsl'),
    );
    expect(files.map((file) => file.split(/[\\/]/).at(-1)!).filter((file) => !compiled.has(file))).toEqual([]);
  });
});
