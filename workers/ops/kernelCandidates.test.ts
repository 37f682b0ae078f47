import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kernelCandidates, requireFeatures, type KernelSetting } from './kernelCandidates';

const MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
const DOT = 'packed_4x8_integer_dot_product';

beforeEach(() => vi.stubGlobal('navigator', { gpu: { wgslLanguageFeatures: new Set([DOT]) } }));
afterEach(() => vi.unstubAllGlobals());

function setting(changes: Partial<KernelSetting> = {}): KernelSetting {
  const device = { features: new Set<GPUFeatureName>(['shader-f16', 'subgroups']) };
  return {
    device,
    isSoftwareAdapter: false,
    features: 'all',
    wanted: 'auto',
    workload: { formats: ['int4'] },
    ...changes,
  };
}

/** Variant → 'available', or the reason why it is refused, of one class. */
function candidates(changes?: Partial<KernelSetting>, products = 'matvec') {
  const reports = kernelCandidates(setting(changes)).filter((report) => report.products === products);
  return Object.fromEntries(reports.map(({ variant, state, reason }) => [variant, reason ?? state]));
}

describe('candidates', () => {
  test('are all variants that the device has the features for and that have a form', () => {
    expect(candidates()).toEqual({
      f32: 'available',
      subgroups: 'available',
      f16: 'available',
      int8: 'available',
      registers: 'has no form for int4 weights',
      'subgroup-matrix': 'needs chromium-experimental-subgroup-matrix',
    });
    expect(candidates({}, 'matmul')).toMatchObject({ subgroups: 'available', registers: 'available' });
    expect(kernelCandidates(setting())[0]).toEqual({
      name: 'matvec f32',
      products: 'matvec',
      variant: 'f32',
      state: 'available',
    });
  });

  test('need device features, and WGSL features that the options allow', () => {
    const plain = candidates({ device: { features: new Set() }, features: [] });
    expect(plain).toMatchObject({
      f32: 'available',
      f16: 'needs shader-f16',
      subgroups: 'needs subgroups',
      int8: `needs ${DOT}`,
    });
    expect(candidates({ features: [DOT] }).int8).toBe('available');
  });

  test('are exact on a software adapter', () => {
    const reasons = candidates({ isSoftwareAdapter: true });
    expect(reasons.f32).toBe('available');
    for (const variant of ['subgroups', 'f16', 'int8']) expect(reasons[variant]).toMatch(/software/);
  });

  test('are what is asked for, if it runs', () => {
    expect(candidates({ isSoftwareAdapter: true, wanted: 'f16' })).toMatchObject({
      f16: 'available',
      subgroups: expect.stringMatching(/software/),
    });
    expect(candidates({ device: { features: new Set() }, wanted: 'f16' }).f16).toBe('needs shader-f16');
  });

  test('multiply prompts on matrix units that kernels fit', () => {
    const features = new Set<GPUFeatureName>(['shader-f16', 'subgroups', MATRIX_FEATURE]);
    const unit = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 };
    const adapterInfo = { subgroupMaxSize: 32, subgroupMatrixConfigs: [unit] };
    expect(candidates({ device: { features, adapterInfo } }, 'matmul')['subgroup-matrix']).toBe('available');
    expect(candidates({ device: { features, adapterInfo } }, 'matvec')['subgroup-matrix']).toMatch(/no form/);
    expect(candidates({ device: { features } }, 'matmul')['subgroup-matrix']).toMatch(/no form/);
  });

  test('have a form for the weights', () => {
    expect(candidates({ workload: { formats: ['f32'] } })).toMatchObject({
      f32: 'available',
      f16: 'has no form for f32 weights',
      int8: 'has no form for f32 weights',
    });
  });
});

test('a variant that is asked for and cannot run is refused by name', () => {
  requireFeatures('f16', setting());
  expect(() => requireFeatures('f16', setting({ device: { features: new Set() } }))).toThrow(
    expect.objectContaining({ name: 'UnsupportedError', message: expect.stringMatching(/f16.* need shader-f16/) }),
  );
  expect(() => requireFeatures('int8', setting({ features: ['shader-f16'] }))).toThrow(/packed_4x8/);
});
