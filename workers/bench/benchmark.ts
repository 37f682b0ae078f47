import { requestDevice } from '../gpu/device';
import type { Backend } from '../ops/backend';
import { GpuBackend } from '../ops/gpuBackend';
import type { KernelWorkload } from '../ops/kernelWorkload';
import type {
  BenchmarkCase,
  BenchmarkOmission,
  BenchmarkProgress,
  BenchmarkReport,
  BenchmarkRequest,
  BenchmarkShapeName,
  BenchmarkShapeReport,
} from '../protocol/benchmark';
import type { EngineOptions } from '../protocol/engine';
import { createBackend } from '../session/createBackend';
import { diagnose } from '../session/diagnose';
import { Session } from '../session/session';
import { measureCopy, measurePeak } from './deviceRates';
import { measureEyes } from './eyesBenchmark';
import { figuresOf, type DeviceRates } from './figures';
import { measureCase, MOST_DECODED, warmUp } from './measureCase';
import { omissionFor, tooSlow } from './omission';
import { SHAPES } from './shapes';
import { createSyntheticModel, fillWeights, workloadOf } from './syntheticModel';
import { parameters, prefillOperations } from './workload';

type Case = Pick<BenchmarkCase, 'kind' | 'tokens'>;

/** Loads in which the time for trials of kernels is over too soon, at most. */
const MOST_LOADS = 5;

/** A GPU may multiply that much faster than f32 multiply-adds, with f16, packed int8 or matrix units. */
const MOST_SPEEDUP = 16;

/**
 * Measures prefill and decode of made-up models in the shapes asked for, as a session runs them. What does not fit,
 * takes too long or fails, as all does where WebGPU is asked for and there is none, is in the report with the reason; an
 * abort ends it with what was measured until then. Throws RangeError for a request that makes no sense.
 */
export async function runBenchmark(
  options: EngineOptions,
  request: BenchmarkRequest,
  onProgress: (progress: BenchmarkProgress) => void,
  signal: AbortSignal,
): Promise<BenchmarkReport> {
  checkRequest(request);
  const report: BenchmarkReport = {
    measuredAt: new Date().toISOString(),
    diagnostics: await diagnose(options, null),
    copyGigabytesPerSecond: null,
    peakGigaflops: null,
    shapes: [],
  };
  const cases = casesOf(request);
  let done = 0;
  const total = 1 + request.shapes.length * (1 + cases.length) + (request.eyes ? 1 : 0);
  const tell = (phase: BenchmarkProgress['phase'], shape: BenchmarkShapeName | null, current: Case | null) =>
    onProgress({ phase, shape, case: current, done: done++, total, report });

  tell('device', null, null);
  Object.assign(report, await measureDevice(options));
  for (const shape of request.shapes) {
    tell('setup', shape, null);
    const shapeReport = emptyReport(shape);
    report.shapes.push(shapeReport);
    const bench = new ShapeBenchmark(options, request, report, shapeReport, signal);
    await bench.setUp(cases);
    for (const current of cases) {
      tell('case', shape, current);
      shapeReport.cases.push({ ...current, result: await bench.resultOf(current) });
    }
    await bench.dispose();
  }
  if (request.eyes) {
    tell('eyes', null, null);
    report.eyes = await measureEyes(options, request.eyes.layers, request.secondsPerCase, report.peakGigaflops, signal);
  }
  return report;
}

/** The benchmark of one shape: a session, or the reasons why there is none. */
class ShapeBenchmark {
  readonly #options: EngineOptions;
  readonly #request: BenchmarkRequest;
  readonly #rates: DeviceRates & Pick<BenchmarkReport, 'diagnostics'>;
  readonly #report: BenchmarkShapeReport;
  readonly #signal: AbortSignal;
  #session: Session | null = null;
  /** Why cases of more than `contextLength` tokens, or all of them, are not measured. */
  #omission: BenchmarkOmission | null = null;

  constructor(
    options: EngineOptions,
    request: BenchmarkRequest,
    rates: BenchmarkReport,
    report: BenchmarkShapeReport,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#request = request;
    this.#rates = rates;
    this.#report = report;
    this.#signal = signal;
  }

  /** Makes a session with room for the longest case that fits the memory. */
  async setUp(cases: readonly Case[]): Promise<void> {
    const lengths = [...new Set(cases.map(contextFor))].sort((a, b) => b - a);
    for (const contextLength of lengths) {
      if (this.#signal.aborted) return;
      try {
        const opened = await openSession(this.#options, this.#report.shape, contextLength, this.#signal);
        this.#session = opened.session;
        this.#report.kvCache = opened.kvCache;
        this.#report.kernelChoiceMs = opened.kernelChoiceMs;
        this.#report.setupSeconds = opened.setupSeconds;
        break;
      } catch (error) {
        this.#omission = omissionFor(error);
        if (this.#omission.state !== 'out-of-memory') break;
      }
    }
    if (!this.#session) return;
    const { weightBytesPerToken, gpuBytes, contextLength } = this.#session.stats();
    Object.assign(this.#report, { weightBytesPerToken, gpuBytes, contextLength });
    this.#report.kernels = [...this.#session.kernelReports];
  }

  async resultOf(current: Case): Promise<BenchmarkCase['result']> {
    if (this.#signal.aborted) return { state: 'stopped', detail: 'stopped before it was measured' };
    if (!this.#session || contextFor(current) > this.#report.contextLength) return this.#omission!;
    const seconds = this.#request.secondsPerCase;
    const shorter = this.#shorterCase(current);
    if (shorter?.state === 'too-slow') return tooSlow('a shorter text took too long already');
    const expected = this.#leastSeconds(current, shorter);
    if (expected > seconds) return tooSlow(`would take ${format(expected)} s, of ${format(seconds)} s allowed`);
    try {
      const runs = await measureCase(this.#session, current, seconds, this.#signal);
      if (runs.length > 0) {
        const { config } = SHAPES[this.#report.shape];
        return figuresOf(config, current, runs, this.#report, this.#rates);
      }
      if (this.#signal.aborted) return { state: 'stopped', detail: 'stopped while it was measured' };
      return tooSlow(`was not done after the ${format(seconds)} s allowed`);
    } catch (error) {
      return omissionFor(error);
    }
  }

  async dispose(): Promise<void> {
    await this.#session?.dispose();
  }

  /** The result of the longest shorter case of the same kind. */
  #shorterCase({ kind, tokens }: Case): BenchmarkCase['result'] | undefined {
    return this.#report.cases.filter((other) => other.kind === kind && other.tokens <= tokens).at(-1)?.result;
  }

  /** What a case will take at least, as far as can be known before. */
  #leastSeconds({ kind, tokens }: Case, shorter: BenchmarkCase['result'] | undefined): number {
    if (kind === 'decode') return 0;
    if (shorter?.state === 'measured') return tokens / shorter.tokensPerSecond;
    const { peakGigaflops, diagnostics } = this.#rates;
    if (peakGigaflops === null) return 0;
    const speedup = diagnostics.isSoftwareAdapter ? 1 : MOST_SPEEDUP;
    return prefillOperations(SHAPES[this.#report.shape].config, tokens) / (1e9 * peakGigaflops * speedup);
  }
}

async function measureDevice({
  backend: wanted,
  limits = 'max',
  features = 'all',
}: EngineOptions): Promise<DeviceRates> {
  const rates: DeviceRates = { copyGigabytesPerSecond: null, peakGigaflops: null };
  if (wanted === 'cpu') return rates;
  const { device } = await requestDevice({ limits, features });
  if (!device) return rates;
  const backend = new GpuBackend(device);
  try {
    // A device too small for the copy has a peak all the same.
    rates.copyGigabytesPerSecond = await measureCopy(backend).catch(() => null);
    rates.peakGigaflops = await measurePeak(backend).catch(() => null);
    return rates;
  } finally {
    backend.destroy();
  }
}

/** A session, and what a report says of how it came to be. */
interface Opened extends Pick<BenchmarkShapeReport, 'kvCache' | 'kernelChoiceMs' | 'setupSeconds'> {
  session: Session;
}

/** Throws OutOfMemoryError, UnsupportedError, DeviceLostError or AbortError; the device is given back then. */
async function openSession(
  options: EngineOptions,
  shape: BenchmarkShapeName,
  contextLength: number,
  signal: AbortSignal,
): Promise<Opened> {
  const { backend, kernelChoiceMs } = await settledBackend(options, workloadOf(SHAPES[shape]), signal);
  const started = performance.now();
  try {
    const model = await createSyntheticModel(backend, SHAPES[shape], contextLength);
    const session = await Session.create(model.parts);
    await fillWeights(backend, model, signal);
    await warmUp(session, signal);
    const setupSeconds = (performance.now() - started) / 1000;
    return { session, kvCache: model.kvCache, kernelChoiceMs, setupSeconds };
  } catch (error) {
    backend.destroy();
    throw error;
  }
}

/** The backend that a model has once its kernels have all been tried, and what the choice takes in its first load. */
async function settledBackend(
  options: EngineOptions,
  workload: KernelWorkload,
  signal: AbortSignal,
): Promise<{ backend: Backend; kernelChoiceMs: number | null }> {
  let backend = await createBackend(options, workload);
  const { kernelChoiceMs } = backend;
  const isUnsettled = () => backend.kernelReports.some(({ because }) => because?.code === 'no-time');
  for (let loads = 1; loads < MOST_LOADS && isUnsettled() && !signal.aborted; loads++) {
    backend.destroy();
    backend = await createBackend(options, workload);
  }
  return { backend, kernelChoiceMs };
}

function checkRequest({ shapes, prefill, decode, secondsPerCase }: BenchmarkRequest): void {
  const unknown = shapes.find((shape) => !Object.hasOwn(SHAPES, shape));
  if (unknown !== undefined) throw new RangeError(`there is no benchmark of the shape "${unknown}"`);
  const senseless = [...prefill, ...decode].find((tokens) => !Number.isInteger(tokens) || tokens < 1);
  if (senseless !== undefined) throw new RangeError(`${senseless} is not a number of tokens`);
  if (!(secondsPerCase > 0)) throw new RangeError('secondsPerCase must be positive');
}

/** Short ones first, because they tell what long ones will take. */
function casesOf({ prefill, decode }: BenchmarkRequest): Case[] {
  const cases = (kind: Case['kind'], lengths: number[]) =>
    lengths.toSorted((a, b) => a - b).map((tokens) => ({ kind, tokens }));
  return [...cases('prefill', prefill), ...cases('decode', decode)];
}

/** Tokens the cache must have room for: an answer needs one more than its prompt. */
function contextFor({ kind, tokens }: Case): number {
  return tokens + (kind === 'decode' ? MOST_DECODED : 1);
}

function emptyReport(shape: BenchmarkShapeName): BenchmarkShapeReport {
  const { model, config } = SHAPES[shape];
  return {
    shape,
    model,
    parameters: parameters(config),
    weightBytesPerToken: 0,
    gpuBytes: 0,
    contextLength: 0,
    kvCache: 'f16',
    setupSeconds: 0,
    kernels: [],
    kernelChoiceMs: null,
    cases: [],
  };
}

function format(seconds: number): string {
  return seconds.toPrecision(2);
}
