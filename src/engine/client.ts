import * as Comlink from 'comlink';
import { engineError } from '../../workers/errors';
import type { EngineApi } from '../../workers/protocol/engine';
import type { ImporterApi } from '../../workers/protocol/importing';
import { watchLifeline, workerName } from './lifeline';

/** `Api` as it looks from this side of the worker. */
export type { Remote } from 'comlink';

/** A worker behind comlink whose calls reject, instead of staying pending for ever, when the worker crashes or is closed. */
export interface WorkerClient<Api> {
  /** Runs one call on the worker. */
  call<T>(invoke: (api: Comlink.Remote<Api>) => Promise<T>): Promise<T>;
  /** True once the worker has crashed or was closed: every call rejects. */
  readonly isClosed: boolean;
  /** Ends the worker; pending calls reject with `reason`. */
  close(reason: Error): void;
}

function connect<Api>(worker: Worker, name: string): WorkerClient<Api> {
  const api = Comlink.wrap<Api>(worker);
  const pending = new Set<(reason: Error) => void>();
  let closed: Error | null = null;

  const close = (reason: Error) => {
    if (closed) return;
    closed = reason;
    worker.terminate();
    for (const reject of pending) reject(reason);
    pending.clear();
  };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    close(crash(event));
  });
  worker.addEventListener('messageerror', () =>
    close(engineError('DeviceLostError', 'the engine sent something unreadable')),
  );

  watchLifeline(worker, name, () => close(engineError('DeviceLostError', 'the engine was ended')));

  return {
    call: (invoke) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(closed);
        pending.add(reject);
        invoke(api)
          .then(resolve, reject)
          .finally(() => pending.delete(reject));
      }),
    get isClosed() {
      return closed !== null;
    },
    close,
  };
}

/** A script that could not be fetched gives a plain event, one that throws an ErrorEvent. */
function crash(event: Event): Error {
  return event instanceof ErrorEvent
    ? engineError('DeviceLostError', `the engine stopped unexpectedly: ${event.message || 'the worker crashed'}`)
    : engineError('NetworkError', 'a part of this page could not be fetched');
}

/** Starts the worker that loads models and generates. */
export function connectEngine(): WorkerClient<EngineApi> {
  const name = workerName('engine');
  return connect(
    new Worker(new URL('../../workers/engine.worker.ts', import.meta.url), { type: 'module', name }),
    name,
  );
}

/**
 * Makes one call to an import worker of its own. An abort ends that worker at once, which is safe because the manifest
 * that makes a model visible is written last; the promise then rejects with AbortError.
 */
export async function callImporter<T>(
  invoke: (api: Comlink.Remote<ImporterApi>) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const cancelled = () => engineError('AbortError', 'the import was cancelled');
  if (signal?.aborted) throw cancelled();
  const name = workerName('import');
  const client = connect<ImporterApi>(
    new Worker(new URL('../../workers/import.worker.ts', import.meta.url), { type: 'module', name }),
    name,
  );
  const abort = () => client.close(cancelled());
  signal?.addEventListener('abort', abort);
  try {
    return await client.call(invoke);
  } finally {
    signal?.removeEventListener('abort', abort);
    client.close(cancelled());
  }
}

/** Marks a callback so that the worker can call it. */
export function callback<Args extends unknown[]>(listener: (...args: Args) => void) {
  return Comlink.proxy(listener);
}
