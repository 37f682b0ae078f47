import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceOptions } from '../gpu/device';
import { runsOn } from '../kernels/shared/variants';
import type { KernelVariant } from '../protocol/kernels';
import type { KvCacheFormat } from '../protocol/loading';
import type { MatrixFormat } from '../quant/layout';
import { paddedWidth } from '../quant/layout';
import { nmse } from '../testing/allclose';
import { testDevice } from '../testing/gpu';
import { RandomModel, SIZES } from '../testing/randomModel';
import { PLAIN_SAMPLING } from '../testing/samplingProbs';
import type { Backend } from './backend';
import { BackendScope } from './backendScope';
import { CpuBackend } from './cpuBackend';
import { GpuBackend } from './gpuBackend';
import { VARIANTS } from './kernelChoice';

const TOKEN_IDS = [3, 74, 0, 31, 32, 63, 64, 9, 9, 50, 17];
const CONTEXT = 13;
const WIDTH = paddedWidth(SIZES.vocab);

const PLAINEST: DeviceOptions = { limits: 'default', features: [] };
const RICHEST: DeviceOptions = { limits: 'max', features: 'all' };

/** Shared by the tests on the plainest device, because compiling kernels is what takes their time. */
let plain: GpuBackend;

beforeAll(async () => {
  plain = new GpuBackend(await testDevice(PLAINEST));
});

afterAll(() => plain.destroy());

/** Runs a test on a backend, and fails it for any error that the device reported. */
async function withGpu<T>(options: DeviceOptions, use: (backend: GpuBackend) => Promise<T>): Promise<T> {
  const backend = options === PLAINEST ? plain : new GpuBackend(await testDevice(options));
  try {
    const result = await use(backend);
    await backend.flush();
    return result;
  } finally {
    if (backend !== plain) backend.destroy();
  }
}

/** Logits of all tokens, in one step. */
async function allAtOnce(backend: Backend, weights: MatrixFormat, kvCache: KvCacheFormat): Promise<Float32Array> {
  const model = new RandomModel(backend, weights, kvCache, CONTEXT);
  const program = await backend.compile(model.graph(TOKEN_IDS.length + 1, 'all'));
  return program.run({ tokenIds: TOKEN_IDS, position: 0 }, TOKEN_IDS.length);
}

/** Logits of the last token: the first `prefill` tokens in one step, the others one by one. */
async function prefillThenDecode(backend: Backend, prefill: number): Promise<Float32Array> {
  const model = new RandomModel(backend, 'int4', 'f32', CONTEXT);
  const prefillProgram = await backend.compile(model.graph(8, 'last'));
  const decodeProgram = await backend.compile(model.graph(1, 'last'));
  prefillProgram.submit({ tokenIds: TOKEN_IDS.slice(0, prefill), position: 0 });
  const last = TOKEN_IDS.length - 1;
  for (let position = prefill; position < last; position++) {
    decodeProgram.submit({ tokenIds: [TOKEN_IDS[position]!], position });
  }
  return decodeProgram.run({ tokenIds: [TOKEN_IDS[last]!], position: last }, 1);
}

describe('GPU ≡ CPU', () => {
  for (const [weights, kvCache, options] of [
    ['int4', 'f32', PLAINEST],
    ['int8', 'f16', PLAINEST],
    ['f32', 'f32', RICHEST],
    ['int4-affine', 'int8', RICHEST],
  ] as const) {
    test(`${weights} weights, ${kvCache} cache, ${options.limits} limits`, async () => {
      const want = await allAtOnce(new CpuBackend(), weights, kvCache);
      const got = await withGpu(options, (backend) => allAtOnce(backend, weights, kvCache));
      // Rounding to half or to 8 bits may go the other way on a driver, once in a while.
      expect(nmse(got, want)).toBeLessThan(kvCache === 'f32' ? 1e-11 : kvCache === 'f16' ? 1e-6 : 1e-4);
      expect(want.some((value) => Math.abs(value) > 0.01)).toBe(true);
      for (const logits of [got, want]) {
        expect(logits.filter((_, i) => i % WIDTH >= SIZES.vocab).every((value) => value === 0)).toBe(true);
      }
    });
  }
});

describe('prefill then decode gives what prefill alone gives', () => {
  const lastOf = (logits: Float32Array) => logits.subarray(-WIDTH);

  test('on the GPU', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const want = lastOf(await allAtOnce(backend, 'int4', 'f32'));
      // A relative error of 1e-5 in the mean.
      for (const prefill of [1, 5, 8])
        expect(nmse(await prefillThenDecode(backend, prefill), want)).toBeLessThan(1e-10);
    });
  });

  test('on the CPU', async () => {
    const want = lastOf(await allAtOnce(new CpuBackend(), 'int4', 'f32'));
    expect(nmse(await prefillThenDecode(new CpuBackend(), 6), want)).toBeLessThan(1e-10);
  });
});

test('a scope compiles plain kernels where the driver refuses those that were chosen', async () => {
  const kernels = { matvec: 'f16', matmul: 'f16' } as const;
  // A device without the feature refuses the shader.
  const backend = new GpuBackend(plain.device, { kernels }, plain.compiler);
  const run = (on: Backend) => prefillThenDecode(on, 1);
  await expect(run(new BackendScope(backend))).rejects.toMatchObject({ name: 'UnsupportedError' });
  expect(await run(new BackendScope(backend, true))).toEqual(await run(plain));
});

/** Largest difference of two logits, in standard deviations of the logits, that a variant's rounding accounts for. */
const TOLERANCES: Record<KernelVariant, number> = {
  f32: 1e-4,
  subgroups: 1e-4,
  registers: 1e-4,
  f16: 1e-1,
  'subgroup-matrix': 1e-1,
  int8: 4e-1,
};

/** Of kernels for more rows, software adapters compile one for each size of matrix, and take long: they have own tests. */
describe('kernel variants decode to the same logits, as far as each rounds', () => {
  /** Logits of all tokens, one by one. */
  async function oneByOne(backend: Backend): Promise<Float32Array> {
    const program = await backend.compile(new RandomModel(backend, 'int4', 'f32', CONTEXT).graph(1, 'last'));
    const rows = TOKEN_IDS.map((tokenId, position) => program.run({ tokenIds: [tokenId], position }, 1));
    return Float32Array.from((await Promise.all(rows)).flatMap((row) => [...row]));
  }

  for (const variant of VARIANTS) {
    test(variant, async ({ skip }) => {
      const device = await testDevice(RICHEST);
      const backend = new GpuBackend(device, { kernels: { matvec: variant, matmul: 'f32' } });
      try {
        if (!runsOn(device, variant)) skip(`the variant ${variant} does not run here`);
        const want = await allAtOnce(new CpuBackend(), 'int4', 'f32');
        expect(worstLogit(await oneByOne(backend), want)).toBeLessThan(TOLERANCES[variant]);
        await backend.flush();
      } finally {
        backend.destroy();
      }
    });
  }
});

/** The largest difference of two logits, in standard deviations of those wanted. */
function worstLogit(got: Float32Array, want: Float32Array): number {
  const deviation = Math.sqrt(want.reduce((sum, value) => sum + value ** 2, 0) / want.length);
  return Math.max(...want.map((value, i) => Math.abs(got[i]! - value))) / deviation;
}

describe('a program on the GPU', () => {
  test('makes one submit per step, nothing new, and reads back what was submitted before', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const model = new RandomModel(backend, 'int4', 'f32', CONTEXT);
      const program = await backend.compile(model.graph(1, 'last'));
      // Two at once, so that both have a staging buffer.
      const [first] = await Promise.all([0, 1].map(() => program.run({ tokenIds: [5], position: 0 }, 1)));
      const before = { ...backend.counters };
      const again = program.run({ tokenIds: [5], position: 0 }, 1);
      const next = await program.run({ tokenIds: [6], position: 1 }, 1);
      expect(await again).toEqual(first);
      expect(next).not.toEqual(first);
      expect(backend.counters.submits - before.submits).toBe(2);
      expect(backend.counters.readbacks - before.readbacks).toBe(2);
      expect(backend.counters.objectsCreated).toBe(before.objectsCreated);
      expect(backend.counters.uploadedBytes - before.uploadedBytes).toBe(2 * (16 + 4));
    });
  });

  test('gives the same to the last bit in several submissions as in one, and so does the first token of an answer', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const model = new RandomModel(backend, 'int4', 'f16', CONTEXT);
      const prefill = await backend.compile(model.graph(TOKEN_IDS.length, 'last'));
      const decode = await backend.compile(model.graph(1, 'last'));
      const loop = await backend.createTokenLoop(decode, prefill, SIZES.vocab);
      const step = { tokenIds: TOKEN_IDS, position: 0 };
      const whole = await prefill.run(step, 1);
      const other = { tokenIds: TOKEN_IDS.toReversed(), position: 0 };
      for (const size of [1, 5, 30, Infinity]) {
        prefill.submit(other);
        const sizes = [...prefill.parts(step, () => size)];
        expect(Math.max(...sizes)).toBeLessThanOrEqual(size);
        expect(new Float32Array(await backend.read(prefill.output, 4 * WIDTH))).toEqual(whole);

        prefill.submit(other);
        loop.begin({ ...PLAIN_SAMPLING, temperature: 0 }, []);
        const { submits } = backend.counters;
        const parts = loop.first(prefill, step, true, () => size);
        let next = parts.next();
        while (!next.done) next = parts.next();
        expect(backend.counters.submits - submits).toBe(sizes.length);
        const logits = whole.subarray(0, SIZES.vocab);
        expect(await next.value).toEqual({ tokenId: logits.indexOf(Math.max(...logits)), logits });
      }
      prefill.destroy();
      decode.destroy();
    });
  });

  test('keeps what the first token of an answer would have been read with, where that is given up', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const decode = await backend.compile(new RandomModel(backend, 'int4', 'f16', CONTEXT).graph(1, 'last'));
      const loop = await backend.createTokenLoop(decode, decode, SIZES.vocab);
      const first = () => loop.first(decode, { tokenIds: [1], position: 0 }, true, () => Infinity);
      loop.begin({ ...PLAIN_SAMPLING, temperature: 0 }, []);
      const { objectsCreated } = backend.counters;
      const givenUp = first();
      // The only part is the last one.
      expect(givenUp.next().done).toBe(false);
      expect(() => givenUp.throw(new Error('stopped'))).toThrow('stopped');
      const answered = first();
      answered.next();
      const { value } = answered.next();
      expect(await value).toMatchObject({ logits: expect.any(Float32Array) });
      expect(backend.counters.objectsCreated).toBe(objectsCreated);
      decode.destroy();
    });
  });

  test('refuses a step that does not fit, before anything is computed', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const program = await backend.compile(new RandomModel(backend, 'int4', 'f32', CONTEXT).graph(2, 'last'));
      const { submits } = backend.counters;
      expect(() => program.submit({ tokenIds: [], position: 0 })).toThrow(/1 to 2/);
      expect(() => program.submit({ tokenIds: [1, 2, 3], position: 0 })).toThrow(/1 to 2/);
      expect(() => program.submit({ tokenIds: [1, 2], position: CONTEXT - 1 })).toThrow(/context of 13/);
      expect(() => program.submit({ tokenIds: [SIZES.vocab], position: 0 })).toThrow(/vocabulary of 75/);
      expect(backend.counters.submits).toBe(submits);
    });
  });

  test('shares its scratch memory and gives everything back', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const model = new RandomModel(backend, 'int4', 'f32', CONTEXT);
      const idle = backend.counters.heldBytes;
      const prefill = await backend.compile(model.graph(8, 'last'));
      const withOne = backend.counters.heldBytes;
      const decode = await backend.compile(model.graph(1, 'last'));
      // Step, token ids and output are its own.
      expect(backend.counters.heldBytes - withOne).toBeLessThanOrEqual(1024);
      prefill.destroy();
      decode.destroy();
      expect(backend.counters.heldBytes).toBe(idle);
    });
  });
});

test('copies, writes and reads happen in the order in which they are asked for', async () => {
  await withGpu(PLAINEST, async (backend) => {
    const [source, target] = [4, 8].map((bytes) => backend.createBuffer('words', bytes));
    const write = (word: number) => backend.write(source!, 0, new Uint8Array(Uint32Array.of(word).buffer));
    const { submits } = backend.counters;
    write(1);
    backend.copy(source!, target!, 0, 4);
    write(2);
    backend.copy(source!, target!, 4, 4);
    expect(new Uint32Array(await backend.read(target!, 8))).toEqual(Uint32Array.of(1, 2));
    expect(backend.counters.submits - submits).toBe(2);
    for (const buffer of [source!, target!]) buffer.destroy();
  });
});

describe('errors', () => {
  test('a buffer larger than the device allows', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const tooMuch = backend.device.limits.maxBufferSize + 4;
      expect(() => backend.createBuffer('weights', tooMuch)).toThrow(
        expect.objectContaining({ name: 'OutOfMemoryError' }),
      );
      await Promise.resolve();
    });
  });

  test('a program too large for the device leaves nothing behind, and others can be compiled', async () => {
    await withGpu(PLAINEST, async (backend) => {
      const model = new RandomModel(backend, 'int4', 'f32', CONTEXT);
      const idle = backend.counters.heldBytes;
      const capacity = Math.ceil(backend.device.limits.maxStorageBufferBindingSize / (WIDTH * 4)) + 1;
      const tooLarge = backend.compile(model.graph(capacity, 'all'));
      await expect(tooLarge).rejects.toMatchObject({ name: 'OutOfMemoryError' });
      expect(backend.counters.heldBytes).toBe(idle);
      const program = await backend.compile(model.graph(1, 'last'));
      await expect(program.run({ tokenIds: [1], position: 0 }, 2)).rejects.toThrow(/2 rows/);
      program.destroy();
    });
  });

  test('a lost device', async () => {
    const backend = new GpuBackend(await testDevice(PLAINEST));
    const program = await backend.compile(new RandomModel(backend, 'int4', 'f32', CONTEXT).graph(1, 'last'));
    const running = program.run({ tokenIds: [1], position: 0 }, 1);
    const reading = backend.read(program.output, 4);
    backend.device.destroy();
    await expect(running).rejects.toMatchObject({ name: 'DeviceLostError' });
    await expect(reading).rejects.toMatchObject({ name: 'DeviceLostError' });
    await expect(backend.flush()).rejects.toMatchObject({ name: 'DeviceLostError' });
  });
});
