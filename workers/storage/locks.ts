import { engineError } from '../errors';

/**
 * Locks that all tabs of an origin share; the browser frees those of a tab or worker that has ended. Where it has none,
 * every lock is free.
 */
const hasLocks = () => typeof navigator !== 'undefined' && 'locks' in navigator;

/** Held while a model is imported. */
export const importLock = (database: string, id: string) => `import ${database} ${id}`;

/** Held while a model is loaded: shared by those who use it, exclusive for who would delete or replace it. */
export const modelLock = (database: string, id: string) => `model ${database} ${id}`;

/** Which of these locks are held, here or in another tab. */
export async function heldLocks(names: string[]): Promise<Set<string>> {
  const { held = [] } = hasLocks() ? await navigator.locks.query() : {};
  return new Set(held.flatMap(({ name }) => (name !== undefined && names.includes(name) ? [name] : [])));
}

/** Runs `work` while the lock is held, waiting for it. */
export function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  return hasLocks() ? navigator.locks.request(name, work) : work();
}

/** Runs `work` with true while the lock is held, or with false where it is taken. */
export function withFreeLock<T>(name: string, work: (isFree: boolean) => Promise<T>): Promise<T> {
  if (!hasLocks()) return work(true);
  return navigator.locks.request(name, { ifAvailable: true }, (lock) => work(lock !== null));
}

/** Runs `work` while nobody has a model loaded, here or in another tab. Throws ModelInUseError where somebody has. */
export async function whileUnloaded<T>(database: string, id: string, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(modelLock(database, id), 'exclusive');
  if (!release) throw engineError('ModelInUseError', `"${id}" is loaded, here or in another tab: unload it first.`);
  try {
    return await work();
  } finally {
    release();
  }
}

/** Longer than a lock that another thread has let go may still be seen as held. */
const PATIENCE_MS = 1000;

/** Takes the lock until the returned function is called; null where others keep it. */
export function takeLock(name: string, mode: LockMode): Promise<(() => void) | null> {
  if (!hasLocks()) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(
        name,
        { mode, signal: AbortSignal.timeout(PATIENCE_MS) },
        () => new Promise<void>((release) => resolve(release)),
      )
      .catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'TimeoutError') resolve(null);
        else reject(error);
      });
  });
}
