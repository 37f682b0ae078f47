import { createStore } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import { engineError } from '../errors';

/**
 * The one object store of a weight database; the database is made on first use.
 * Transactions reject with UnsupportedError where there is no IndexedDB and with StorageFullError when the disk or the
 * browser's quota is exhausted.
 */
export function openWeightDatabase(name: string): UseStore {
  let store: UseStore | null = null;
  return async (mode, callback) => {
    try {
      if (typeof indexedDB === 'undefined') throw new DOMException('There is no IndexedDB here.', 'InvalidStateError');
      store ??= createStore(name, 'weights');
      return await store(mode, callback);
    } catch (error) {
      throw namedStorageError(error);
    }
  };
}

function namedStorageError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'QuotaExceededError') {
    return engineError('StorageFullError', 'The browser has no room left to store more of this model.', error);
  }
  // Private windows and disabled site data show themselves in one of these ways.
  if (['InvalidStateError', 'SecurityError', 'NotAllowedError'].includes(error.name)) {
    return engineError(
      'UnsupportedError',
      `This browser window cannot store models: IndexedDB is not available (${error.message}). Private windows and blocked site data have this effect.`,
      error,
    );
  }
  return error;
}
