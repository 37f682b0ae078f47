import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import type { KvCacheFormat } from '../../protocol/loading';
import type { MatrixFormat } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { randomKvB } from '../../testing/randomKvB';
import { Random } from '../../testing/random';
import { randomCache } from '../../testing/randomCache';
import { runLaunch } from '../../testing/runLaunch';
import { mergeAttention } from '../mergeAttention/mergeAttention';
import { mergeLatentAttention } from '../mergeLatentAttention/mergeLatentAttention';
import { partialFloats } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import { KvCacheRows } from '../shared/kvCache.reference';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import { cachedAttention } from './cachedAttention';
import { cachedAttentionReference } from './cachedAttention.reference';

const FORMATS = ['f32', 'f16', 'int8'] as const;
const UNTOUCHED = 777;

interface Case {
  cache: KvCacheShape;
  numHeads: number;
  rows: number;
  position: number;
  /** Magnitude of queries and keys: large ones make softmax steep. */
  magnitude?: number;
  /** What stands in the cache behind the position. */
  garbage?: number;
  /** With norms and gates, and so many channels of a head that rotate. */
  gatedRotaryDim?: number;
  /** One vector is key and value, and so many of its channels rotate in the key. */
  latentRotaryDim?: number;
  /** What makes values of the other channels. */
  expansion?: { format: MatrixFormat; contentDim: number; valueDim: number };
  isOnProcessor?: boolean;
}

/** Random input of a step, with a row more than the step has. */
function inputs(given: Case, batch: number) {
  const {
    cache,
    numHeads,
    rows,
    position,
    magnitude = 1,
    garbage,
    gatedRotaryDim,
    latentRotaryDim,
    expansion,
    isOnProcessor,
  } = given;
  const { numKvHeads, headDim, capacity } = cache;
  const random = new Random(headDim * numHeads + position);
  // Gates lie behind each query.
  const queryStride = gatedRotaryDim ? 2 * headDim : headDim;
  const gated = gatedRotaryDim ? { queryStride, gateStart: headDim, eps: 1e-6 } : null;
  const rotaryDim = gatedRotaryDim ?? latentRotaryDim ?? headDim;
  const keyStart = paddedWidth(numHeads * queryStride);
  const valueStart = latentRotaryDim ? keyStart : keyStart + paddedWidth(numKvHeads * headDim);
  const qkvWidth = valueStart + paddedWidth(numKvHeads * headDim);
  const scale = 1 / Math.sqrt(headDim);
  const expanded = expansion ? { ...expansion, numHeads, ropeDim: rotaryDim, rank: headDim - rotaryDim } : null;
  const normWeight = () => random.rows(1, headDim, paddedWidth(headDim));
  return {
    shape: { numHeads, cache, qkvWidth, keyStart, valueStart, rotaryDim, gated, expanded, scale, batch, isOnProcessor },
    norms: gated && { query: normWeight(), key: normWeight() },
    table: Float32Array.from({ length: capacity * rotaryDim }, (_, i) => (i % 2 ? Math.sin(i - 1) : Math.cos(i))),
    keys: randomCache(random, cache, 'keys', { count: position, magnitude, garbage }),
    values: randomCache(random, cache, 'values', { count: position, garbage }),
    qkv: random.rows(rows + 1, qkvWidth, qkvWidth, magnitude),
    kvB: expanded && randomKvB(random, expanded.format, expanded),
  };
}

type Inputs = ReturnType<typeof inputs>;

const outColumns = ({ numHeads, cache, expanded }: Inputs['shape']) => numHeads * (expanded?.valueDim ?? cache.headDim);
const outWidth = (shape: Inputs['shape']) => paddedWidth(outColumns(shape));

/** Both dispatches of a step; keys and values are updated in place. [rows + 1, padded heads] */
async function attend(device: GPUDevice, { shape, norms, table, keys, values, kvB }: Inputs, qkv: Words, step: Step) {
  const { numHeads, cache, gated, expanded, qkvWidth } = shape;
  const out = new Float32Array((step.rows + 1) * outWidth(shape)).fill(UNTOUCHED);
  const partials = new Float32Array((step.rows + 1) * partialFloats(numHeads, cache)).fill(UNTOUCHED);
  const weights = norms ? [norms.query, norms.key] : kvB ? [kvB.packed] : [];
  const operands = [qkv, table, keys.bytes, values.bytes, out, partials, ...weights];
  await runLaunch(device, cachedAttention(shape), step, operands);
  const merge = expanded
    ? mergeLatentAttention(cache, expanded)
    : mergeAttention({ numHeads, cache, gated: gated && { ...gated, qkvWidth } });
  if (!merge.grid(step.rows, step.position + step.rows).includes(0)) {
    await runLaunch(device, merge, step, [partials, out, ...(gated ? [qkv] : []), ...(kvB ? [kvB.packed] : [])]);
  }
  return out;
}

type Words = Float32Array<ArrayBuffer>;
type Step = { rows: number; position: number };

/** A cache row may round to the neighbouring half or code. */
const CACHE_TOLERANCE: Record<KvCacheFormat, number> = { f32: 1e-12, f16: 1e-7, int8: 1e-4 };
/** And what is computed from a row of the step with it. */
const TOLERANCE: Record<KvCacheFormat, number> = { f32: 1e-11, f16: 1e-7, int8: 1e-4 };

async function check(device: GPUDevice, given: Case) {
  const { cache, rows, position } = given;
  const input = inputs(given, rows);
  const { shape, norms, table, keys, values, qkv } = input;
  const width = outWidth(shape);
  const want = {
    keys: new KvCacheRows(cache, 'keys', keys.bytes.slice()),
    values: new KvCacheRows(cache, 'values', values.bytes.slice()),
  };
  const wantOut = cachedAttentionReference(
    qkv,
    table,
    want.keys,
    want.values,
    shape,
    { rows, position },
    norms,
    input.kvB?.weightRow ?? null,
  );
  const got = await attend(device, input, qkv, { rows, position });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, wantOut)).toBeLessThan(TOLERANCE[cache.format]);
  expect(used.filter((_, i) => i % width >= outColumns(shape)).every((value) => value === 0)).toBe(true);
  expect(got.subarray(used.length).every((value) => value === UNTOUCHED)).toBe(true);
  for (const content of ['keys', 'values'] as const) {
    const read = (cached: KvCacheRows, head: number, at: number) => {
      const channels = new Float32Array(cache.headDim);
      cached.read(head, at, channels);
      return channels;
    };
    for (let head = 0; head < cache.numKvHeads; head++) {
      for (let at = 0; at < cache.capacity; at++) {
        const [gotRow, wantRow] = [read(input[content].rows, head, at), read(want[content], head, at)];
        if (at >= position && at < position + rows) {
          expect(nmse(gotRow, wantRow)).toBeLessThan(CACHE_TOLERANCE[cache.format]);
        } else {
          expect(gotRow).toEqual(wantRow);
        }
      }
    }
  }
}

/** Rows of a step give what each gives alone, to the last bit. */
async function checkAlone(device: GPUDevice, given: Case) {
  const { rows, position } = given;
  const [together, alone] = [inputs(given, rows), inputs(given, 1)];
  const { qkvWidth } = together.shape;
  const width = outWidth(together.shape);
  const got = await attend(device, together, together.qkv, { rows, position });
  for (let row = 0; row < rows; row++) {
    const qkv = together.qkv.slice(row * qkvWidth, (row + 1) * qkvWidth);
    const want = await attend(device, alone, qkv, { rows: 1, position: position + row });
    expect(got.subarray(row * width, (row + 1) * width)).toEqual(want.subarray(0, width));
  }
  expect(together.keys.bytes).toEqual(alone.keys.bytes);
  expect(together.values.bytes).toEqual(alone.values.bytes);
}

// numHeads, numKvHeads, headDim, capacity, rows, position
type Shape = readonly [number, number, number, number, number, number];

/** Heads whose channels end in the middle of a word or group, and steps across the border of a chunk. */
const EVERY_FORMAT: readonly Shape[] = [
  [6, 2, 12, 40, 3, 20],
  [3, 3, 70, 140, 8, 125],
  [16, 2, 64, 270, 8, 252],
  [6, 2, 128, 515, 1, 511],
];
/** Further shapes, which all formats treat alike. */
const ONE_FORMAT: readonly Shape[] = [
  [1, 1, 2, 1, 1, 0],
  [5, 1, 80, 37, 1, 36],
  [8, 2, 64, 300, 1, 255],
  [2, 2, 64, 1100, 3, 1000],
  [4, 1, 256, 530, 8, 505],
];

for (const format of FORMATS) {
  const cases = format === 'f32' ? [...EVERY_FORMAT, ...ONE_FORMAT] : EVERY_FORMAT;
  for (const [numHeads, numKvHeads, headDim, capacity, rows, position] of cases) {
    const name = `${numHeads}/${numKvHeads} heads of ${headDim}, ${rows} rows at ${position} of ${capacity}`;
    gpuTest(`cachedAttention ${format}: ${name}`, ({ device }) =>
      check(device, { cache: { format, numKvHeads, headDim, capacity }, numHeads, rows, position }),
    );
  }
  maxGpuTest(`cachedAttention ${format} with all that the adapter offers`, ({ device }) =>
    check(device, {
      cache: { format, numKvHeads: 2, headDim: 64, capacity: 270 },
      numHeads: 4,
      rows: 2,
      position: 256,
    }),
  );

  for (const [numHeads, numKvHeads, headDim, position, isOnProcessor] of [
    [6, 2, 12, 250, false],
    [6, 2, 12, 250, true],
    [4, 1, 70, 256, false],
    // The keys of the step are staged in turns, across the border of a chunk and of the keys scored at once.
    [8, 1, 288, 251, false],
    [4, 1, 288, 140, true],
    ...(format === 'f32'
      ? ([
          [3, 3, 64, 0, false],
          [2, 2, 64, 511, false],
          [1, 1, 8, 8187, false],
        ] as const)
      : []),
  ] as const) {
    const size = isOnProcessor ? 'small' : 'large';
    const name = `${format}, ${size} workgroups: eight rows at ${position} give what each gives alone, to the last bit`;
    gpuTest(name, ({ device }) =>
      checkAlone(device, {
        cache: { format, numKvHeads, headDim, capacity: position + 8 },
        numHeads,
        rows: 8,
        position,
        isOnProcessor,
      }),
    );
  }
}

for (const format of FORMATS) {
  // numHeads, numKvHeads, headDim, rotaryDim, capacity, rows, position: that of V 4.6, of one chunk and of more; all channels.
  for (const [numHeads, numKvHeads, headDim, gatedRotaryDim, capacity, rows, position] of [
    [8, 2, 256, 64, 40, 1, 20],
    [8, 2, 256, 64, 300, 1, 290],
    [6, 2, 12, 4, 40, 3, 20],
    [3, 3, 70, 70, 270, 2, 255],
    [4, 1, 288, 32, 40, 2, 20],
  ] as const) {
    const name = `${numHeads}/${numKvHeads} heads of ${headDim}, ${rows} rows at ${position} of ${capacity}`;
    gpuTest(`cachedAttention ${format} with norms and gates: ${name}`, ({ device }) =>
      check(device, { cache: { format, numKvHeads, headDim, capacity }, numHeads, rows, position, gatedRotaryDim }),
    );
  }
}

for (const format of FORMATS) {
  // numHeads, headDim, capacity, rows, position: that of MiniCPM3, of one chunk and of more, and wider ones.
  for (const [numHeads, headDim, capacity, rows, position, isOnProcessor] of [
    [40, 288, 40, 1, 20, false],
    [40, 288, 300, 3, 254, false],
    [4, 512, 40, 8, 20, true],
    ...(format === 'f32'
      ? ([
          [8, 288, 300, 3, 254, true],
          [5, 320, 40, 8, 20, false],
          [4, 384, 300, 5, 255, false],
          [4, 512, 40, 8, 20, false],
        ] as const)
      : []),
  ] as const) {
    const name = `${numHeads} heads of ${headDim}, ${rows} rows at ${position} of ${capacity}`;
    gpuTest(
      `cachedAttention ${format} of latents${isOnProcessor ? ' in small workgroups' : ''}: ${name}`,
      ({ device }) =>
        check(device, {
          cache: { format, numKvHeads: 1, headDim, capacity },
          numHeads,
          rows,
          position,
          latentRotaryDim: 32,
          isOnProcessor,
        }),
    );
  }
}

// ropeDim, rank, contentDim, valueDim, numHeads, rows, position: that of MiniCPM3 and of its test model, and awkward ones.
for (const [ropeDim, rank, contentDim, valueDim, numHeads, rows, position, isOnProcessor] of [
  [32, 256, 64, 64, 40, 1, 20, false],
  [32, 256, 64, 64, 40, 2, 255, false],
  [32, 256, 64, 64, 8, 2, 255, true],
  [32, 64, 32, 96, 4, 3, 254, false],
  [4, 36, 4, 20, 3, 2, 30, false],
  [4, 36, 4, 20, 3, 2, 700, true],
] as const) {
  const values = `${numHeads} values of ${valueDim} from latents of ${rank}, ${rows} rows at ${position}`;
  gpuTest(`cachedAttention: ${values}${isOnProcessor ? ', in small workgroups' : ''}`, ({ device }) =>
    check(device, {
      cache: { format: 'f32', numKvHeads: 1, headDim: ropeDim + rank, capacity: position + rows },
      numHeads,
      rows,
      position,
      latentRotaryDim: ropeDim,
      expansion: { format: 'int4', contentDim, valueDim },
      isOnProcessor,
    }),
  );
}

/** The first rows are of one chunk, the last of two. */
const acrossChunks = (format: MatrixFormat): Case => ({
  cache: { format: 'f16', numKvHeads: 1, headDim: 80, capacity: 257 },
  numHeads: 6,
  rows: 3,
  position: 254,
  latentRotaryDim: 8,
  expansion: { format, contentDim: 20, valueDim: 33 },
});

for (const format of Object.keys(WEIGHT_FORMATS) as MatrixFormat[]) {
  gpuTest(`cachedAttention: values from latents by weights of ${format}`, ({ device }) =>
    check(device, acrossChunks(format)),
  );
}

gpuTest('values from latents have the bits that each row has alone', ({ device }) =>
  checkAlone(device, acrossChunks('int4')),
);

gpuTest('so have those of wide heads, whose keys are staged in turns', ({ device }) =>
  checkAlone(device, {
    cache: { format: 'f32', numKvHeads: 1, headDim: 288, capacity: 258 },
    numHeads: 4,
    rows: 4,
    position: 254,
    latentRotaryDim: 32,
    expansion: { format: 'int4', contentDim: 64, valueDim: 64 },
  }),
);

for (const format of FORMATS) {
  // numHeads, numKvHeads, headDim, rows, position: the smallest workgroup, and one that a head's key and value fill.
  for (const [numHeads, numKvHeads, headDim, rows, position] of [
    [16, 2, 64, 8, 252],
    [2, 2, 256, 1, 290],
  ] as const) {
    const cache = { format, numKvHeads, headDim, capacity: 300 };
    gpuTest(
      `cachedAttention ${format} in small workgroups: ${numHeads}/${numKvHeads} heads of ${headDim}`,
      ({ device }) => check(device, { cache, numHeads, rows, position, isOnProcessor: true }),
    );
  }
}

gpuTest('chunks grow where there would be too many', ({ device }) =>
  check(device, {
    cache: { format: 'f32', numKvHeads: 1, headDim: 8, capacity: 16500 },
    numHeads: 2,
    rows: 3,
    position: 16382,
  }),
);

gpuTest('steep softmax neither overflows nor loses its sum', ({ device }) =>
  check(device, {
    cache: { format: 'f32', numKvHeads: 1, headDim: 64, capacity: 700 },
    numHeads: 2,
    rows: 2,
    position: 600,
    magnitude: 12,
  }),
);

gpuTest('a row of zeros is stored as zeros', async ({ device }) => {
  const cache: KvCacheShape = { format: 'int8', numKvHeads: 1, headDim: 32, capacity: 32 };
  const input = inputs({ cache, numHeads: 1, rows: 1, position: 0, garbage: 0 }, 1);
  const out = await attend(device, input, new Float32Array(input.shape.qkvWidth), { rows: 1, position: 0 });
  expect(out.subarray(0, 32).every((value) => value === 0)).toBe(true);
  expect([...input.keys.bytes, ...input.values.bytes].every((byte) => byte === 0)).toBe(true);
});

gpuTest('what stands behind the position does not matter, not even NaN', async ({ device }) => {
  const cache: KvCacheShape = { format: 'f32', numKvHeads: 1, headDim: 32, capacity: 300 };
  const run = async (garbage: number) => {
    const input = inputs({ cache, numHeads: 1, rows: 2, position: 270, garbage }, 2);
    return attend(device, input, input.qkv, { rows: 2, position: 270 });
  };
  const clean = await run(0);
  expect(clean.subarray(0, 64).every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  expect(await run(NaN)).toEqual(clean);
});

gpuTest('a row beyond the capacity is neither computed nor stored', async ({ device }) => {
  const cache: KvCacheShape = { format: 'f32', numKvHeads: 2, headDim: 4, capacity: 32 };
  const given = { cache, numHeads: 2, rows: 2, position: 31, garbage: 5 };
  const input = inputs(given, 2);
  const out = await attend(device, input, input.qkv, given);
  expect(out.subarray(32).every((value) => value === UNTOUCHED)).toBe(true);
  const nextHead = new Float32Array(4);
  input.keys.rows.read(1, 0, nextHead);
  const before = new Float32Array(4);
  inputs(given, 2).keys.rows.read(1, 0, before);
  expect(nextHead).toEqual(before);
});
