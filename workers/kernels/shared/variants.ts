import type { EngineOptions } from '../../protocol/engine';
import type { KernelVariant } from '../../protocol/kernels';

/** What a variant's shaders use beyond plain WGSL. */
export interface VariantNeeds {
  /** Of the device. */
  features: readonly GPUFeatureName[];
  /** Of the browser's shader language. */
  wgslFeatures: readonly string[];
}

/** Chromium's name for a feature that is not in the standard. */
const SUBGROUP_MATRIX = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

export const VARIANT_NEEDS: Readonly<Record<KernelVariant, VariantNeeds>> = {
  f32: { features: [], wgslFeatures: [] },
  f16: { features: ['shader-f16'], wgslFeatures: [] },
  int8: { features: [], wgslFeatures: ['packed_4x8_integer_dot_product'] },
  subgroups: { features: ['subgroups'], wgslFeatures: [] },
  registers: { features: ['subgroups'], wgslFeatures: [] },
  'subgroup-matrix': { features: [SUBGROUP_MATRIX, 'shader-f16', 'subgroups'], wgslFeatures: [] },
};

/** What the variant's shaders use that the device or this browser's shader language lacks, or `allowed` leaves out. */
export function missingFeatures(
  device: Pick<GPUDevice, 'features'>,
  variant: KernelVariant,
  allowed: NonNullable<EngineOptions['features']> = 'all',
): string[] {
  const { features, wgslFeatures } = VARIANT_NEEDS[variant];
  const mayUse = (name: string) => allowed === 'all' || allowed.includes(name);
  return [
    ...features.filter((name) => !device.features.has(name)),
    ...wgslFeatures.filter((name) => !mayUse(name) || !navigator.gpu.wgslLanguageFeatures.has(name)),
  ];
}

/** Whether the variant's shaders compile on this device, in this browser. */
export function runsOn(device: GPUDevice, variant: KernelVariant): boolean {
  return missingFeatures(device, variant).length === 0;
}
