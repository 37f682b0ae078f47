import { expect, vi } from 'vitest';
import { KernelCompiler, type Launch } from '../gpu/kernel';
import { runsOn } from '../kernels/shared/variants';
import type { KernelVariant } from '../protocol/kernels';
import type { MatrixFormat } from '../quant/layout';
import { FORMAT_SIZES } from '../quant/layout';
import { gpuTest, maxGpuTest, variantGpuTest } from '../testing/gpu';
import { Deadline } from './deadline';
import type { GpuBackend } from './gpuBackend';
import { GpuProgram } from './gpuProgram';
import { hasForm } from './kernelCandidates';
import { PRODUCT_CLASSES, VARIANTS } from './kernelChoice';
import { GpuTrials } from './kernelTrials';
import { selfTest } from './selfTest';
import { ProductTimer, trialBackend } from './tune';

const FORMATS = Object.keys(FORMAT_SIZES) as MatrixFormat[];

for (const products of PRODUCT_CLASSES) {
  for (const variant of VARIANTS) {
    // Software adapters take long to compile: the other formats are tested with the kernels.
    const formats: MatrixFormat[] = variant === 'f32' && products === 'matvec' ? FORMATS : ['int4'];
    if (!hasForm(products, variant, formats)) continue;
    variantGpuTest(`${products} ${variant} passes for ${formats.join(', ')}`, variant, async (device) => {
      for (const format of formats) {
        const trials = new GpuTrials(device, { format, rows: 1, columns: 1, formats: [format], layerBytes: 0 }, true);
        expect((await trials.check(products, variant)).wrong).toBeNull();
      }
    });
  }
}

/** A backend whose kernels say something else than they should. */
function spoilt(device: GPUDevice, variant: KernelVariant, spoil: (text: string) => string): GpuBackend {
  const backend = trialBackend(device, variant);
  const compiler = new KernelCompiler(device);
  const compile = (launch: Launch) => {
    const sources = launch.kernel.sources.map(({ file, text }) => ({ file, text: spoil(text) }));
    return compiler.compile({ ...launch, kernel: { ...launch.kernel, sources } });
  };
  return Object.assign(backend, { compiler: { compile } });
}

for (const products of PRODUCT_CLASSES) {
  gpuTest(`a ${products} that is off by a few thousandths is found out`, async ({ device }) => {
    const backend = spoilt(device, 'f32', (text) => text.replaceAll('0x1p-10', '0x1.01p-10'));
    const { wrong } = await selfTest(backend, products, 'f32', 'int8', { isBrief: true });
    expect(wrong).toMatch(/int8 weights wrong.*error 1\.5e-5/);
  });
}

gpuTest('a kernel that does not compile is told by its error', async ({ device }) => {
  const backend = spoilt(device, 'f32', (text) => text.replace('fn block_weights', 'fn block_wights'));
  await expect(selfTest(backend, 'matvec', 'f32', 'int4', { isBrief: true })).rejects.toMatchObject({
    name: 'UnsupportedError',
  });
});

maxGpuTest('every variant that runs here is timed', async ({ device }) => {
  const variants = VARIANTS.filter((variant) => hasForm('matvec', variant, ['int4']) && runsOn(device, variant));
  const timer = new ProductTimer(device, 'matvec', { format: 'int4', rows: 600, columns: 288, layerBytes: 1e6 });
  const times = await timer.time(variants, new Deadline(600_000));
  expect([...times!.keys()]).toEqual(variants);
  for (const time of times!.values()) expect(time).toBeGreaterThan(0);
  await timer.destroy();
});

gpuTest('products with many rows are timed without a clock of the device', async ({ device }) => {
  const timer = new ProductTimer(device, 'matmul', { format: 'int8', rows: 64, columns: 96, layerBytes: 1e6 });
  const times = await timer.time(['f32'], new Deadline(600_000));
  expect(times!.get('f32')).toBeGreaterThan(0);
  await timer.destroy();
});

/** A time that ends while kernels compile: of what a timer waits for, that comes second. */
class OverWhileCompiling extends Deadline {
  #waits = 0;

  constructor() {
    super(600_000);
  }

  override get isOver(): boolean {
    return this.#waits > 1;
  }

  override async wait<T, Late>(work: Promise<T>, late: Late): Promise<T | Late> {
    this.#waits++;
    return this.isOver ? Promise.race([late, work]) : work;
  }
}

gpuTest('nothing begins to compile when the time is over', async ({ device }) => {
  const timer = new ProductTimer(device, 'matvec', { format: 'int4', rows: 64, columns: 96, layerBytes: 0 });
  const compiling = vi.spyOn(device, 'createComputePipelineAsync');
  expect(await timer.time(['f32'], new Deadline(0))).toBeNull();
  await timer.destroy();
  expect(compiling).not.toHaveBeenCalled();
});

gpuTest('what is not compiled in time is not timed, and is given back when it comes', async ({ device }) => {
  const timer = new ProductTimer(device, 'matvec', { format: 'int4', rows: 64, columns: 96, layerBytes: 0 });
  const destroyed = vi.spyOn(GpuProgram.prototype, 'destroy');
  try {
    expect(await timer.time(['f32'], new OverWhileCompiling())).toBeNull();
    const givingBack = timer.destroy();
    expect(destroyed).not.toHaveBeenCalled();
    await givingBack;
    expect(destroyed).toHaveBeenCalledTimes(1);
  } finally {
    destroyed.mockRestore();
  }
});

gpuTest('what the device is at is under way until it is over, however long one waits for it', async ({ device }) => {
  const trials = new GpuTrials(
    device,
    { format: 'int4', rows: 64, columns: 96, formats: ['int4'], layerBytes: 0 },
    true,
  );
  const isOver = () => vi.waitFor(() => expect(trials.underWay.size).toBe(0), { timeout: 60_000 });
  let begin: (value?: unknown) => void = () => undefined;
  const checking = trials.check('matvec', 'f32', new Promise((resolve) => (begin = resolve)));
  expect([...trials.underWay]).toEqual(['matvec f32']);
  begin();
  await checking;
  await isOver();
  const create = vi.spyOn(GpuProgram, 'create');
  try {
    expect(await trials.time('matvec', ['f32'], new OverWhileCompiling())).toBeNull();
    expect([...trials.underWay]).toEqual(['matvec f32']);
    await isOver();
    expect(create.mock.settledResults.map(({ type }) => type)).toEqual(['fulfilled']);
  } finally {
    create.mockRestore();
  }
  trials.destroy();
});

gpuTest('eight rows at once have the bits of single rows', async ({ device }) => {
  expect(await selfTest(trialBackend(device, 'f32'), 'matvec', 'f32', 'int4')).toEqual({
    wrong: null,
    isBatchExact: true,
  });
});
