import type { KernelVariant } from '../../protocol';

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
  'subgroup-matrix': { features: [SUBGROUP_MATRIX, 'shader-f16', 'subgroups'], wgslFeatures: [] },
};

/** Whether the variant's shaders compile on this device, in this browser. */
export function runsOn(device: GPUDevice, variant: KernelVariant): boolean {
  const { features, wgslFeatures } = VARIANT_NEEDS[variant];
  return (
    features.every((name) => device.features.has(name)) &&
    wgslFeatures.every((name) => navigator.gpu.wgslLanguageFeatures.has(name))
  );
}
