import type { BenchmarkShapeName, Diagnostics } from '../../src/engine/api';

const SHAPES: readonly BenchmarkShapeName[] = ['nano', '0.3B', '1B', '2B'];

/** Of the tower in MiniCPM-V 2.0. */
const ALL_LAYERS = 26;

/** What both ways of running the benchmark understand. */
export interface BenchOptions {
  /** Null: what suits the device. */
  shapes: BenchmarkShapeName[] | null;
  secondsPerCase: number;
  /** Encodes a tile with so many layers of a vision tower, too. */
  eyes: { layers: number } | undefined;
  /** File for the JSON. */
  out: string;
}

export const BENCH_ARGUMENTS = {
  shapes: { type: 'string' },
  seconds: { type: 'string', default: '10' },
  eyes: { type: 'string' },
  out: { type: 'string' },
} as const;

/** What running it on Dawn understands besides. */
export const DAWN_ARGUMENTS = {
  toggles: { type: 'string' },
  kernels: { type: 'string' },
  profile: { type: 'boolean' },
} as const;

/** The options in parsed arguments. Throws for what they cannot be. */
export function benchOptions(
  values: { shapes?: string; seconds: string; eyes?: string; out?: string },
  defaultOut: string,
): BenchOptions {
  const secondsPerCase = Number(values.seconds);
  if (!(secondsPerCase > 0)) throw new Error(`--seconds is "${values.seconds}"; it must be a number above 0.`);
  const shapes = values.shapes
    ?.split(',')
    .filter(Boolean)
    .map((name) => {
      const found = SHAPES.find((shape) => shape === name.trim());
      if (!found) throw new Error(`--shapes has "${name}"; it can have ${SHAPES.join(', ')}.`);
      return found;
    });
  const layers = values.eyes === undefined ? null : Number(values.eyes);
  if (layers !== null && !(Number.isInteger(layers) && layers >= 1 && layers <= ALL_LAYERS)) {
    throw new Error(`--eyes is "${values.eyes}"; it must be a number of layers, 1 to ${ALL_LAYERS}.`);
  }
  const eyes = layers === null ? undefined : { layers };
  return { shapes: shapes ?? null, secondsPerCase, eyes, out: values.out ?? defaultOut };
}

/** Every shape on a GPU; on a processor only the one that it can do in seconds. */
export function shapesFor({ backend, isSoftwareAdapter }: Diagnostics): BenchmarkShapeName[] {
  return backend === 'cpu' || isSoftwareAdapter ? ['nano'] : [...SHAPES];
}
