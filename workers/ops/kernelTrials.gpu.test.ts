import { expect } from 'vitest';
import { KernelCompiler, type Launch } from '../gpu/kernel';
import { runsOn } from '../kernels/shared/variants';
import type { KernelVariant, ProductClass } from '../protocol';
import type { MatrixFormat } from '../quant/layout';
import { FORMAT_SIZES } from '../quant/layout';
import { gpuTest, maxGpuTest, variantGpuTest } from '../testing/gpu';
import type { GpuBackend } from './gpuBackend';
import { hasForm } from './kernelCandidates';
import { PRODUCT_CLASSES, VARIANTS } from './kernelChoice';
import { GpuTrials } from './kernelTrials';
import { selfTest } from './selfTest';
import { timeVariants, trialBackend } from './tune';

const FORMATS = Object.keys(FORMAT_SIZES) as MatrixFormat[];

for (const products of PRODUCT_CLASSES) {
  for (const variant of VARIANTS) {
    if (!hasForm(products, variant, FORMATS)) continue;
    variantGpuTest(`${products} ${variant} passes in every weight format`, variant, async (device) => {
      const trials = new GpuTrials(device, { format: 'int4', rows: 1, columns: 1, formats: FORMATS });
      expect(await trials.check(products, variant)).toBeNull();
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

for (const [products, name] of [
  ['matvec', 'weights'],
  ['matmul', 'weights'],
] as [ProductClass, string][]) {
  gpuTest(`a ${products} that reads a wrong scale is found out, ${name}`, async ({ device }) => {
    const backend = spoilt(device, 'f32', (text) =>
      text.replace('unpack2x16float(scales)', '1.001 * unpack2x16float(scales)'),
    );
    expect(await selfTest(backend, products, 'f32', 'int8')).toMatch(/int8 weights wrong/);
  });
}

gpuTest('a kernel that does not compile is told by its error', async ({ device }) => {
  const backend = spoilt(device, 'f32', (text) => text.replace('fn block_weights', 'fn block_wights'));
  await expect(selfTest(backend, 'matvec', 'f32', 'int4')).rejects.toMatchObject({ name: 'UnsupportedError' });
});

maxGpuTest('every variant that runs here is timed, at a size cut down', async ({ device }) => {
  const shape = { format: 'int4', rows: 6000, columns: 288 } as const;
  for (const products of PRODUCT_CLASSES) {
    const variants = VARIANTS.filter((variant) => hasForm(products, variant, ['int4']) && runsOn(device, variant));
    const started = performance.now();
    const times = await timeVariants(device, products, shape, variants);
    console.log(products, performance.now() - started, [...times]);
    expect([...times.keys()]).toEqual(variants);
    for (const time of times.values()) expect(time).toBeGreaterThan(0);
  }
});
