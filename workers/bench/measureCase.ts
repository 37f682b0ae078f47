import type { BenchmarkCase } from '../protocol/benchmark';
import type { GenerateResult, SamplingOptions } from '../protocol/generation';
import type { ModelStats } from '../protocol/loading';
import { FEW_TOKENS } from '../session/prefill';
import type { Session } from '../session/session';

const MOST_REPEATS = 5;
/** Tokens written per run at most: enough that what a run costs besides does not count. */
export const MOST_DECODED = 64;
/** Runs of written tokens grow by this factor until they fill their share of the time. */
const GROWTH = 4;

/** One run of a case: what it took, and what was counted meanwhile. */
export interface Run {
  /** Tokens read, or written. */
  tokens: number;
  seconds: number;
  firstTokenSeconds: number;
  counted: Pick<ModelStats, 'dispatches' | 'submits' | 'readbacks' | 'uploadedBytes'>;
}

/**
 * Runs a case as often as `seconds` allow, through the same call that answers people. Returns the runs that count, all
 * of the same number of tokens; cut short by `signal` or by the clock, those that were finished until then, or none.
 */
export function measureCase(
  session: Session,
  { kind, tokens }: Pick<BenchmarkCase, 'kind' | 'tokens'>,
  seconds: number,
  signal: AbortSignal,
): Promise<Run[]> {
  const clock = new Clock(seconds, signal);
  const measuring = kind === 'prefill' ? measurePrefill(session, tokens, clock) : measureDecode(session, tokens, clock);
  return measuring.finally(() => clock.stop());
}

/** Runs every program once: some drivers finish compiling then. */
export async function warmUp(session: Session, signal: AbortSignal): Promise<void> {
  await session.generate(
    { tokenIds: promptOf(session, FEW_TOKENS + 1) },
    { ...PLAIN, max_tokens: 3 },
    () => undefined,
    signal,
  );
}

/** The first run warms up and counts only if it stays alone. */
async function measurePrefill(session: Session, tokens: number, clock: Clock): Promise<Run[]> {
  const runs: Run[] = [];
  const tokenIds = promptOf(session, tokens);
  for (let i = 0; i <= MOST_REPEATS && clock.hasTimeFor(runs.at(-1)?.seconds ?? 0); i++) {
    session.assumeCached([]);
    const run = await timeRun(session, tokenIds, 1, clock.signal);
    if (!run) break;
    runs.push({ ...run, tokens });
  }
  return runs.length > 1 ? runs.slice(1) : runs;
}

/**
 * Runs of one token, then of more, as long as they leave time to repeat them; the very first warms up and counts only if it
 * stays alone. Keys and values of the prompt are made up.
 */
async function measureDecode(session: Session, tokens: number, clock: Clock): Promise<Run[]> {
  const tokenIds = promptOf(session, tokens);
  const write = (count: number) => {
    session.assumeCached(tokenIds);
    return timeRun(session, tokenIds, count, clock.signal);
  };
  const first = await write(1);
  if (!first) return [];
  let runs: Run[] = [];
  let count = 1;
  let last = first;
  while (runs.length < MOST_REPEATS && clock.hasTimeFor(last.seconds)) {
    const run = await write(count);
    if (!run) break;
    last = run;
    runs.push(run);
    const longer = Math.min(MOST_DECODED, GROWTH * count);
    if (runs.length === 1 && longer > count && clock.hasTimeFor((longer / count) * run.seconds * MOST_REPEATS)) {
      count = longer;
      runs = [];
    }
  }
  return runs.length > 0 ? runs : [first];
}

/** One call of `generate`, or null where the signal cut it short. */
async function timeRun(session: Session, tokenIds: number[], count: number, signal: AbortSignal): Promise<Run | null> {
  const before = session.stats();
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  let firstTokenSeconds = 0;
  const onToken = () => {
    firstTokenSeconds ||= elapsed();
  };
  const { finishReason }: GenerateResult = await session.generate(
    { tokenIds },
    { ...PLAIN, max_tokens: count },
    onToken,
    signal,
  );
  if (finishReason === 'aborted') return null;
  const seconds = elapsed();
  const after = session.stats();
  const counted = {
    dispatches: after.dispatches - before.dispatches,
    submits: after.submits - before.submits,
    readbacks: after.readbacks - before.readbacks,
    uploadedBytes: after.uploadedBytes - before.uploadedBytes,
  };
  return { tokens: count, seconds, firstTokenSeconds, counted };
}

/** What is made up repeats itself, and would be guessed more often than what a model has to say. */
const PLAIN: SamplingOptions = { temperature: 0, repetition_penalty: 1, ignore_eos: true, prompt_lookup: false };

/** Token ids that are all over the vocabulary. */
function promptOf({ config }: Session, length: number): number[] {
  return Array.from({ length }, (_, i) => (i * 7919 + 13) % config.vocabSize);
}

/** The time that a case has; its signal ends a run when the time is over, or when `signal` asks for it. */
class Clock {
  readonly signal: AbortSignal;
  readonly #started = performance.now();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #seconds: number;

  constructor(seconds: number, signal: AbortSignal) {
    const timeout = new AbortController();
    this.#seconds = seconds;
    this.#timer = setTimeout(() => timeout.abort(), seconds * 1000);
    this.signal = AbortSignal.any([signal, timeout.signal]);
  }

  hasTimeFor(seconds: number): boolean {
    return !this.signal.aborted && (performance.now() - this.#started) / 1000 + seconds <= this.#seconds;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
