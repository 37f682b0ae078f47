import type { Progress } from '../../workers/protocol/progress';
import { failureOf, type Failure } from './failure';
import type { Subject } from './subject';

/** What keeps the person from everything else until it is done. */
export type Activity = 'importing' | 'loading' | 'repairing';

export interface AttemptOptions {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export type Work = (options: AttemptOptions) => Promise<void>;

/** At most one thing that the page waits for, how far it is, and how the last one ended. */
export class Foreground {
  activity = $state<Activity | null>(null);
  progress = $state.raw<Progress | null>(null);
  subject = $state.raw<Subject | null>(null);
  error = $state.raw<Failure | null>(null);
  /** True after it was cancelled, until the next one begins. */
  wasCancelled = $state(false);
  #abort: AbortController | null = null;
  #lastAttempt: (() => Promise<void>) | null = null;

  /** Does `work`, unless something else is being done. Failures are noted, with the model they are about. */
  async attempt(activity: Activity, subject: Subject, work: Work, modelId?: string): Promise<void> {
    if (this.activity) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#lastAttempt = () => this.attempt(activity, subject, work, modelId);
    this.dismiss();
    this.subject = subject;
    this.begin(activity);
    try {
      await work({ signal: abort.signal, onProgress: (progress) => (this.progress = progress) });
    } catch (error) {
      if (abort.signal.aborted) this.wasCancelled = true;
      else this.error = failureOf(error, modelId);
    } finally {
      this.activity = null;
    }
  }

  /** The work goes over to its next part. */
  begin(activity: Activity): void {
    this.activity = activity;
    this.progress = null;
  }

  /** Repeats what failed last. */
  async retry(): Promise<void> {
    await this.#lastAttempt?.();
  }

  cancel(): void {
    this.#abort?.abort();
  }

  /** Takes the word about the last attempt off the page. */
  dismiss(): void {
    this.error = null;
    this.wasCancelled = false;
  }
}
