import type { BenchmarkShapeName, Diagnostics } from '../../src/engine/api';

const SHAPES: readonly BenchmarkShapeName[] = ['nano', '0.3B', '1B', '2B'];

/** What both ways of running the benchmark understand. */
export interface BenchOptions {
  /** Null: what suits the device. */
  shapes: BenchmarkShapeName[] | null;
  secondsPerCase: number;
  /** File for the JSON. */
  out: string;
}

export const BENCH_ARGUMENTS = {
  shapes: { type: 'string' },
  seconds: { type: 'string', default: '10' },
  out: { type: 'string' },
} as const;

/** The options in parsed arguments. Throws for what they cannot be. */
export function benchOptions(
  values: { shapes?: string; seconds: string; out?: string },
  defaultOut: string,
): BenchOptions {
  const secondsPerCase = Number(values.seconds);
  if (!(secondsPerCase > 0)) throw new Error(`--seconds is "${values.seconds}"; it must be a number above 0.`);
  const shapes = values.shapes?.split(',').map((name) => {
    const found = SHAPES.find((shape) => shape === name.trim());
    if (!found) throw new Error(`--shapes has "${name}"; it can have ${SHAPES.join(', ')}.`);
    return found;
  });
  return { shapes: shapes ?? null, secondsPerCase, out: values.out ?? defaultOut };
}

/** Every shape on a GPU; on a processor only the one that it can do in seconds. */
export function shapesFor({ backend, isSoftwareAdapter }: Diagnostics): BenchmarkShapeName[] {
  return backend === 'cpu' || isSoftwareAdapter ? ['nano'] : [...SHAPES];
}
