import { hasErrorName } from '../errors';
import { KernelCompiler } from '../gpu/kernel';
import type { MatrixUnit } from '../kernels/matmul/matmul';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import type { MatrixFormat } from '../quant/layout';
import { paddedWidth } from '../quant/layout';
import type { Deadline } from './deadline';
import type { DeviceBuffer } from './graph';
import { formOf } from './kernelChoice';
import type { KernelWorkload } from './kernelWorkload';
import { lower } from './lowering';
import { matrixUnitOf } from './matrixUnit';
import { selfTest, type SelfTestResult } from './selfTest';
import { ProductTimer, trialBackend } from './tune';

/** Tries kernels out. */
export interface KernelTrials {
  /** The variant that computes most of a model's products where `wanted` is asked for. */
  formOf(products: ProductClass, wanted: KernelVariant): KernelVariant;
  /**
   * What a variant's products are found to be in the weight formats of a model, all together. It compiles at once and
   * computes when `idle` is resolved.
   */
  check(products: ProductClass, variant: KernelVariant, idle?: Promise<unknown>): Promise<SelfTestResult>;
  /**
   * Microseconds of one product; Infinity where a variant cannot compute it. Null where the time is over before, or memory
   * is short.
   */
  time(
    products: ProductClass,
    variants: readonly KernelVariant[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<KernelVariant, number> | null>;
  /** The variants that the device is still at, though nobody may wait for them any more: the names of their reports. */
  readonly underWay: ReadonlySet<string>;
}

/** Tries kernels out on a device, for a model. */
export class GpuTrials implements KernelTrials {
  readonly #device: GPUDevice;
  readonly #workload: KernelWorkload;
  readonly #isBrief: boolean;
  readonly #compiler: KernelCompiler;
  readonly #outcomes = new Map<string, Promise<SelfTestResult>>();
  readonly #timers = new Map<ProductClass, ProductTimer>();
  /** The names of the variants of each work that is not over. */
  readonly #works = new Set<readonly string[]>();

  /**
   * Brief trials are for devices that take long to compile, and that no driver of a GPU can make wrong. What `compiler` has
   * compiled for a trial need not be compiled again for a model.
   */
  constructor(
    device: GPUDevice,
    workload: KernelWorkload,
    isBrief: boolean,
    compiler: KernelCompiler = new KernelCompiler(device),
  ) {
    this.#device = device;
    this.#workload = workload;
    this.#isBrief = isBrief;
    this.#compiler = compiler;
  }

  get underWay(): ReadonlySet<string> {
    return new Set([...this.#works].flat());
  }

  formOf(products: ProductClass, wanted: KernelVariant): KernelVariant {
    return formOf(products, this.#workload.format, wanted, matrixUnitOf(this.#device));
  }

  async check(products: ProductClass, variant: KernelVariant, idle?: Promise<unknown>): Promise<SelfTestResult> {
    const formats = this.#isBrief ? [this.#workload.format] : this.#workload.formats;
    const testing = Promise.all(formats.map((format) => this.#outcome(products, variant, format, idle)));
    this.#follow(products, [variant], testing);
    const outcomes = await testing;
    return {
      wrong: outcomes.find(({ wrong }) => wrong !== null)?.wrong ?? null,
      isBatchExact: outcomes.every(({ isBatchExact }) => isBatchExact),
    };
  }

  time(products: ProductClass, variants: readonly KernelVariant[], deadline: Deadline) {
    let timer = this.#timers.get(products);
    if (!timer) {
      timer = new ProductTimer(this.#device, products, this.#workload, this.#compiler);
      this.#timers.set(products, timer);
    }
    const timing = timer.time(variants, deadline);
    // Which programs a timing compiles is known when it is over.
    this.#follow(
      products,
      variants,
      timing.then(() => timer.settled()),
    );
    return timing;
  }

  /** Gives back what timing has made. */
  destroy(): void {
    for (const timer of this.#timers.values()) void timer.destroy();
    this.#timers.clear();
  }

  /** Has variants under way until the device has done `work` and lives: work may end because it is lost. */
  #follow(products: ProductClass, variants: readonly KernelVariant[], work: Promise<unknown>): void {
    const names = variants.map((variant) => `${products} ${variant}`);
    this.#works.add(names);
    const isAlive = work.then(() => this.#device.queue.onSubmittedWorkDone());
    isAlive.then(() => this.#works.delete(names)).catch(() => undefined);
  }

  /** Formats that a variant lacks are computed by another, which is tested once. */
  #outcome(
    products: ProductClass,
    wanted: KernelVariant,
    format: MatrixFormat,
    idle?: Promise<unknown>,
  ): Promise<SelfTestResult> {
    const variant = formOf(products, format, wanted, matrixUnitOf(this.#device));
    const key = `${products} ${variant} ${format}`;
    let outcome = this.#outcomes.get(key);
    if (!outcome) {
      outcome = this.#selfTest(products, variant, format, idle);
      this.#outcomes.set(key, outcome);
    }
    return outcome;
  }

  async #selfTest(
    products: ProductClass,
    variant: KernelVariant,
    format: MatrixFormat,
    idle?: Promise<unknown>,
  ): Promise<SelfTestResult> {
    try {
      // A backend that met an error reports it for ever: each test has its own.
      const backend = trialBackend(this.#device, variant, this.#compiler);
      return await selfTest(backend, products, variant, format, { isBrief: this.#isBrief, idle });
    } catch (error) {
      if (error instanceof Error && hasErrorName(error, 'UnsupportedError'))
        return { wrong: error.message, isBatchExact: true };
      throw error;
    }
  }
}

const NO_BUFFER: DeviceBuffer = { byteLength: 0, destroy: () => undefined };

/** Every shader that a trial of these candidates runs: what was found out holds as long as these stay the same. */
export function trialShaders(
  candidates: readonly KernelReport[],
  formats: readonly MatrixFormat[],
  matrixUnit?: MatrixUnit,
): string {
  const texts = new Set<string>();
  for (const { products, variant, state } of candidates) {
    if (!products || !variant || state !== 'available') continue;
    for (const format of formats) {
      const weight = { format, rows: 1, columns: 1, shards: [{ rowStart: 0, rows: 1, buffer: NO_BUFFER }] };
      const [x, out] = [0, 1].map((id) => ({ id, rows: products === 'matvec' ? 1 : 32, width: paddedWidth(1) }));
      const op = { kind: 'linear', x: x!, weight, out: out! } as const;
      for (const { launch } of lower(op, { matvec: variant, matmul: variant, matrixUnit })) {
        for (const { text } of launch.kernel.sources) texts.add(text);
      }
    }
  }
  return [...texts].join('');
}
