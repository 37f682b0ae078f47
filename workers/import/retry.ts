import { engineError } from '../errors';
import type { TransferOptions } from '../protocol/importing';

const LONGEST_WAIT_SECONDS = 30;
/** A server that asks for more patience than this is taken for one that refuses. */
const LONGEST_PATIENCE_SECONDS = 600;

/** A failure that may pass: worth another attempt. */
export class TransientError extends Error {
  /** Seconds that the server asks to wait; null where it does not say. */
  readonly retryAfter: number | null;

  constructor(message: string, options: ErrorOptions & { retryAfter?: number | null } = {}) {
    super(message, options);
    this.retryAfter = options.retryAfter ?? null;
  }
}

/** Seconds to wait that a Retry-After header states, as a number or as a date; null for none. */
export function retryAfterSeconds(header: string | null): number | null {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/**
 * Waits before the next attempt after `failures` of them in a row: twice as long each time, by a random part less, so
 * that many pages do not come back to a server all at once; as long as the server says where it does.
 * Throws NetworkError, naming `place`, after too many failures, and where the wait would be too long.
 */
export async function waitToRetry(
  place: string,
  error: TransientError,
  failures: number,
  { attempts, retrySeconds }: Required<TransferOptions>,
): Promise<void> {
  if (failures >= attempts || (error.retryAfter ?? 0) > LONGEST_PATIENCE_SECONDS) {
    throw engineError('NetworkError', `${place}: ${error.message}.`, error);
  }
  const backoff = Math.min(LONGEST_WAIT_SECONDS, retrySeconds * 2 ** (failures - 1));
  const seconds = error.retryAfter ?? backoff * (0.5 + Math.random() / 2);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Repeats `work` where it throws TransientError. Throws NetworkError, naming `place`, where that does not help. */
export async function retrying<T>(
  place: string,
  settings: Required<TransferOptions>,
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      await waitToRetry(place, error, failures, settings);
    }
  }
}
