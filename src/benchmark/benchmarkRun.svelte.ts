import type { BenchmarkOptions } from '../engine/api';
import { failureOf, type Failure } from '../engine/failure';
import type {
  BenchmarkCase,
  BenchmarkProgress,
  BenchmarkReport,
  BenchmarkShapeName,
} from '../../workers/protocol/benchmark';

/** What is measured, shortest first: the engine takes its cases in the same order. */
export const CASES: readonly Pick<BenchmarkCase, 'kind' | 'tokens'>[] = [
  ...[128, 512, 2048].map((tokens) => ({ kind: 'prefill' as const, tokens })),
  ...[128, 1024, 4096].map((tokens) => ({ kind: 'decode' as const, tokens })),
];

/** One benchmark after another, and what the last one found: it outlives the screen that shows it. */
export class BenchmarkRun {
  status = $state<'idle' | 'running' | 'stopped' | 'done'>('idle');
  progress = $state.raw<BenchmarkProgress | null>(null);
  report = $state.raw<BenchmarkReport | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** True from the wish to stop until the step under way has ended. */
  isStopping = $state(false);
  /** The shape measured last, or under way. */
  asked = $state<BenchmarkShapeName | null>(null);

  readonly isRunning = $derived(this.status === 'running');
  readonly shape = $derived(this.report?.shapes[0] ?? null);
  readonly hasFigures = $derived(this.shape?.cases.some(({ result }) => result.state === 'measured') ?? false);

  readonly #benchmark: (options: BenchmarkOptions) => Promise<BenchmarkReport>;
  #abort: AbortController | null = null;

  constructor(benchmark: (options: BenchmarkOptions) => Promise<BenchmarkReport>) {
    this.#benchmark = benchmark;
  }

  /** A run that is stopped before writing was measured leaves what an earlier one has found. */
  async start(shape: BenchmarkShapeName): Promise<void> {
    if (this.isRunning) return;
    const { asked, report } = this;
    const abort = new AbortController();
    this.#abort = abort;
    this.status = 'running';
    this.asked = shape;
    this.report = null;
    this.progress = null;
    this.failure = null;
    const lengths = (kind: BenchmarkCase['kind']) =>
      CASES.filter((one) => one.kind === kind).map(({ tokens }) => tokens);
    try {
      this.report = await this.#benchmark({
        shapes: [shape],
        prefill: lengths('prefill'),
        decode: lengths('decode'),
        signal: abort.signal,
        onProgress: (progress) => this.#follow(progress),
      });
    } catch (error) {
      if (!abort.signal.aborted) this.failure = failureOf(error);
    } finally {
      this.status = abort.signal.aborted ? 'stopped' : 'done';
      if (abort.signal.aborted && !hasWriting(this.report) && hasWriting(report))
        Object.assign(this, { asked, report });
      this.progress = null;
      this.isStopping = false;
    }
  }

  /** Ends the run after the step under way; what was measured stays. */
  stop(): void {
    this.isStopping = this.isRunning;
    this.#abort?.abort();
  }

  /** The result of a case, once there is one. */
  resultOf({ kind, tokens }: Pick<BenchmarkCase, 'kind' | 'tokens'>): BenchmarkCase['result'] | null {
    return this.shape?.cases.find((one) => one.kind === kind && one.tokens === tokens)?.result ?? null;
  }

  /** Progress travels apart from the result and may come behind it. */
  #follow(progress: BenchmarkProgress): void {
    if (!this.isRunning) return;
    this.progress = progress;
    this.report = progress.report;
  }
}

function hasWriting(report: BenchmarkReport | null): boolean {
  return report?.shapes[0]?.cases.some(({ kind, result }) => kind === 'decode' && result.state === 'measured') ?? false;
}
