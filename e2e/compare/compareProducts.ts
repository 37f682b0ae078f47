import { isSoftwareAdapter, requestDevice } from '../../workers/gpu/device';
import { loadOrt, ortVariants, prepareOrt } from './ortProducts';
import { ourVariants, prepareOurs } from './ourProducts';
import type { PreparedProducts, ProductShape } from './product';

/** Projections, gate and up side by side, and the down matrix of MiniCPM-2B; one token, and a chunk of a prompt. */
const MATRICES = [
  { columns: 2304, rows: 2304 },
  { columns: 2304, rows: 11_520 },
  { columns: 5760, rows: 2304 },
];
const TOKENS = [1, 128];
/** Products per run: together larger than caches where memory counts, and enough that handing over a run does not. */
const COUNT: Record<number, number> = { 1: 8, 128: 4 };
/** A processor takes seconds for each. */
const SOFTWARE_COUNT: Record<number, number> = { 1: 8, 128: 1 };

const ROUNDS = 5;
const SECONDS_PER_SAMPLE = 0.15;
const MOST_RUNS = 200;

export interface ProductTime extends ProductShape {
  engine: PreparedProducts['engine'];
  variant: string;
  /** The least of ROUNDS samples, those of all variants taken in turn: other work on the machine only ever adds. */
  microseconds: number;
  /** Median minus fastest sample, over the fastest. */
  spread: number;
  /** Half a byte per weight and product: the codes, without scales. */
  gigabytesPerSecond: number;
  gigaflops: number;
}

export interface Comparison {
  adapter: string;
  features: string[];
  times: ProductTime[];
  /** What could not be computed, and why. */
  failures: string[];
}

/** Times every variant of both engines on one device. `ortFolder` is the URL of onnxruntime-web's dist folder. */
export async function compareProducts(ortFolder: string, onStep: (step: string) => void): Promise<Comparison> {
  const { device, diagnostics } = await requestDevice({ limits: 'max', features: 'all' });
  if (!device) throw new Error('There is no WebGPU device.');
  const { vendor, architecture, device: model, description } = device.adapterInfo;
  const counts = isSoftwareAdapter(device.adapterInfo) ? SOFTWARE_COUNT : COUNT;
  const ort = await loadOrt(ortFolder);
  const comparison: Comparison = {
    adapter: [vendor, architecture, model, description].filter(Boolean).join(', '),
    features: diagnostics.features,
    times: [],
    failures: [],
  };
  for (const tokens of TOKENS) {
    for (const matrix of MATRICES) {
      const shape = { ...matrix, tokens };
      const count = counts[tokens]!;
      const makers = [
        ...ourVariants(device, shape).map((variant) => () => prepareOurs(device, variant, shape, count)),
        ...ortVariants(device).map((variant) => () => prepareOrt(ort, device, variant, shape, count)),
      ];
      const prepared: PreparedProducts[] = [];
      for (const make of makers) {
        try {
          const products = await make();
          await seconds(device, products, 1);
          prepared.push(products);
        } catch (error) {
          comparison.failures.push(`${name(shape)}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      onStep(`${name(shape)}: ${prepared.map(({ variant }) => variant).join(' | ')}`);
      comparison.times.push(...(await timesOf(device, prepared, shape)));
      for (const products of prepared) await products.destroy();
    }
  }
  return comparison;
}

function name({ tokens, columns, rows }: ProductShape): string {
  return `M=${tokens} K=${columns} N=${rows}`;
}

async function timesOf(
  device: GPUDevice,
  prepared: readonly PreparedProducts[],
  shape: ProductShape,
): Promise<ProductTime[]> {
  const runs: number[] = [];
  for (const products of prepared) {
    const once = await seconds(device, products, 1);
    runs.push(Math.max(1, Math.min(MOST_RUNS, Math.round(SECONDS_PER_SAMPLE / once))));
  }
  const samples: number[][] = prepared.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, products] of prepared.entries()) {
      samples[i]!.push((await seconds(device, products, runs[i]!)) / (runs[i]! * products.count));
    }
  }
  return prepared.map(({ engine, variant }, i) => {
    const sorted = samples[i]!.toSorted((a, b) => a - b);
    const fastest = sorted[0]!;
    const weights = shape.rows * shape.columns;
    return {
      ...shape,
      engine,
      variant,
      microseconds: fastest * 1e6,
      spread: (sorted[ROUNDS >> 1]! - fastest) / fastest,
      gigabytesPerSecond: weights / 2 / fastest / 1e9,
      gigaflops: (2 * weights * shape.tokens) / fastest / 1e9,
    };
  });
}

/** Of `runs` runs handed over one after the other, until the device has done them. */
async function seconds(device: GPUDevice, products: PreparedProducts, runs: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < runs; i++) await products.run();
  await device.queue.onSubmittedWorkDone();
  return (performance.now() - started) / 1000;
}
