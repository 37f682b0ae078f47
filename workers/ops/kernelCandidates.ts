import { engineError } from '../errors';
import type { MatrixUnit } from '../kernels/matmul/matmul';
import { missingFeatures } from '../kernels/shared/variants';
import type { EngineOptions } from '../protocol/engine';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import type { MatrixFormat } from '../quant/layout';
import { formOf, PRODUCT_CLASSES, VARIANTS } from './kernelChoice';
import { because } from './kernelReasons';
import { matrixUnitOf } from './matrixUnit';
import type { KernelWorkload } from './kernelWorkload';

/** What a device says of itself; some browsers have no adapterInfo. */
export type DeviceOffer = Pick<GPUDevice, 'features'> & { readonly adapterInfo?: object };

/** What decides which variants are worth a trial. */
export interface KernelSetting {
  device: DeviceOffer;
  isSoftwareAdapter: boolean;
  /** What may be used: see EngineOptions. */
  features: NonNullable<EngineOptions['features']>;
  /** A variant that is asked for is not judged by its use. */
  wanted: NonNullable<EngineOptions['kernels']>;
  workload: Pick<KernelWorkload, 'formats'>;
}

/** Every variant of every class of products: 'refused', with a reason, or 'available', that is worth a trial. */
export function kernelCandidates(setting: KernelSetting): KernelReport[] {
  return PRODUCT_CLASSES.flatMap((products) =>
    VARIANTS.map((variant): KernelReport => {
      const refused = refusal(products, variant, setting);
      const report = { name: `${products} ${variant}`, products, variant };
      return refused === null ? { ...report, state: 'available' } : { ...report, state: 'refused', ...refused };
    }),
  );
}

function refusal(
  products: ProductClass,
  variant: KernelVariant,
  setting: KernelSetting,
): ReturnType<typeof because> | null {
  const { device, isSoftwareAdapter, features, workload, wanted } = setting;
  const missing = missingFeatures(device, variant, features);
  if (missing.length > 0) return because('missing-features', missing.join(', '));
  if (!hasForm(products, variant, workload.formats, matrixUnitOf(device)))
    return because('no-form', workload.formats.join(', '));
  if (variant === 'f32' || variant === wanted) return null;
  if (isSoftwareAdapter) return because('software-adapter');
  return null;
}

/** Throws UnsupportedError where a variant that was asked for lacks what its shaders use. */
export function requireFeatures(variant: KernelVariant, { device, features }: KernelSetting): void {
  const missing = missingFeatures(device, variant, features);
  if (missing.length === 0) return;
  const lacking = `The kernels ${variant}, which were asked for, need ${missing.join(', ')}`;
  throw engineError('UnsupportedError', `${lacking}, which this device or browser lacks or the options leave out.`);
}

/** Whether a variant computes products with some of these formats itself. */
export function hasForm(
  products: ProductClass,
  variant: KernelVariant,
  formats: readonly MatrixFormat[],
  matrixUnit?: MatrixUnit,
): boolean {
  return formats.some((format) => formOf(products, format, variant, matrixUnit) === variant);
}
