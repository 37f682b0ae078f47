import { requiredVisionTensors } from '../checkpoint/visionTensors';
import { engineError } from '../errors';
import type { TilePatches } from '../model/patches';
import type { Backend } from '../ops/backend';
import { kernelWorkload, type NamedTensor } from '../ops/kernelWorkload';
import type { BenchmarkEyesFigures, BenchmarkEyesReport, BenchmarkOmission } from '../protocol/benchmark';
import type { EngineOptions } from '../protocol/engine';
import { createBackend } from '../session/createBackend';
import { createTileEncoder, eyesOf, encoderSizes } from '../session/eyes';
import type { TileEncoder } from '../session/tileEncoder';
import { zeroTensors } from './zeroTensors';
import { EYES, tileOperations, withLayers, type EyesShape } from './eyesShape';
import { median, shareOf, spread } from './figures';
import { omissionFor, tooSlow } from './omission';
import { fillWeights } from './syntheticModel';

/** Sides of a tile of 448 × 448 pixels, in patches. */
const SIDE = 32;
const MOST_REPEATS = 5;

/**
 * Encodes a tile with made-up weights, as a session does, as often as `seconds` allow, with so many layers of the tower.
 * What does not fit, takes too long or fails is in the report with the reason.
 */
export async function measureEyes(
  options: EngineOptions,
  layers: number,
  seconds: number,
  peakGigaflops: number | null,
  signal: AbortSignal,
): Promise<BenchmarkEyesReport> {
  const shape = withLayers(EYES, layers);
  const report: BenchmarkEyesReport = {
    model: shape.model,
    layers,
    allLayers: EYES.config.tower.numLayers,
    patches: SIDE ** 2,
    weightBytes: 0,
    programBytes: 0,
    setupSeconds: 0,
    result: { state: 'stopped', detail: 'stopped before it was measured' },
  };
  if (signal.aborted) return report;
  let backend: Backend | null = null;
  try {
    const started = performance.now();
    const workload = kernelWorkload(tensorsOf(shape), () => true);
    backend = await createBackend(options, workload);
    const { eyes, matrices, vectors } = createSyntheticEyes(backend, shape);
    await backend.flush();
    report.weightBytes = backend.counters.heldBytes;
    const encoder = await createTileEncoder(backend, eyes);
    report.programBytes = backend.counters.heldBytes - report.weightBytes;
    await fillWeights(backend, { matrices, vectors }, signal);
    report.setupSeconds = (performance.now() - started) / 1000;
    report.result = await timeTiles(backend, encoder, shape, seconds, peakGigaflops, signal);
  } catch (error) {
    report.result = omissionFor(error);
  } finally {
    backend?.destroy();
  }
  return report;
}

/** The first run warms up and counts only if it stays alone. */
async function timeTiles(
  backend: Backend,
  encoder: TileEncoder,
  shape: EyesShape,
  seconds: number,
  peakGigaflops: number | null,
  signal: AbortSignal,
): Promise<BenchmarkEyesFigures | BenchmarkOmission> {
  const { bytesPerTile, patchWidth } = encoderSizes(shape.config, shape.width);
  const target = backend.createBuffer('features', bytesPerTile);
  const tile = syntheticPatches(patchWidth, shape);
  const end = performance.now() + 1000 * seconds;
  const throwIfOver = () => {
    if (signal.aborted || performance.now() > end) throw engineError('AbortError', 'stopped while it was measured');
  };
  const runs: { seconds: number; dispatches: number; submits: number }[] = [];
  while (runs.length <= MOST_REPEATS && performance.now() + 1000 * (runs.at(-1)?.seconds ?? 0) < end) {
    const before = { ...backend.counters };
    const started = performance.now();
    try {
      await encoder.encode(tile, target, 0, throwIfOver);
    } catch (error) {
      if (signal.aborted || performance.now() <= end) throw error;
      break;
    }
    const { dispatches, submits } = backend.counters;
    runs.push({
      seconds: (performance.now() - started) / 1000,
      dispatches: dispatches - before.dispatches,
      submits: submits - before.submits,
    });
  }
  const counted = runs.length > 1 ? runs.slice(1) : runs;
  if (counted.length === 0) return tooSlow(`was not done after the ${seconds} s allowed`);
  const times = counted.map((run) => run.seconds);
  const secondsPerTile = median(times);
  const operations = tileOperations(shape, SIDE ** 2);
  const gigaflops = operations / secondsPerTile / 1e9;
  const { dispatches, submits } = counted.at(-1)!;
  return {
    state: 'measured',
    secondsPerTile,
    secondsWithAllLayers: (secondsPerTile * tileOperations(EYES, SIDE ** 2)) / operations,
    spread: spread(times),
    repeats: times.length,
    dispatches,
    submits,
    gigaflops,
    shareOfPeak: shareOf(gigaflops, peakGigaflops),
  };
}

/** In the formats that an import gives them where nobody chooses others. */
function tensorsOf({ config, width }: EyesShape): NamedTensor[] {
  const tables = ['vision.patchEmbedding', 'vision.positions', 'resampler.query', 'resampler.positions'];
  return Array.from(requiredVisionTensors(config, width), ([name, shape]) => {
    return { name, shape, format: tables.includes(name) ? 'f32' : 'int8' };
  });
}

/** Every buffer of the eyes, full of zeros. Throws OutOfMemoryError. */
function createSyntheticEyes(backend: Backend, shape: EyesShape) {
  const { config, width } = shape;
  const { matrices, vectors } = zeroTensors(backend, tensorsOf(shape));
  const eyes = eyesOf(
    config,
    width,
    (name) => matrices.get(name)!,
    (name) => vectors.get(name)!,
  );
  return { eyes, matrices: [...matrices.values()], vectors: [...vectors.values()] };
}

/** A picture of stripes, which are as good as any other. */
function syntheticPatches(rowWidth: number, { config }: EyesShape): TilePatches {
  const pixels = 3 * config.tower.patchSize ** 2;
  const values = Float32Array.from({ length: SIDE ** 2 * rowWidth }, (_, i) => {
    const at = i % rowWidth;
    return at < pixels ? Math.sin(at / 5 + i / 700) : 0;
  });
  return { rows: SIDE, columns: SIDE, values };
}
