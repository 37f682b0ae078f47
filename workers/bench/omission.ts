import { hasErrorName } from '../errors';
import type { BenchmarkOmission } from '../protocol/benchmark';

/** What would take longer than it may. */
export function tooSlow(detail: string): BenchmarkOmission {
  return { state: 'too-slow', detail };
}

/** Why something was not measured. */
export function omissionFor(error: unknown): BenchmarkOmission {
  const detail = error instanceof Error ? error.message : String(error);
  if (hasErrorName(error, 'OutOfMemoryError')) return { state: 'out-of-memory', detail };
  if (hasErrorName(error, 'AbortError')) return { state: 'stopped', detail };
  return { state: 'failed', detail };
}
