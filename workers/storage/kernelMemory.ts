import { promisifyRequest } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import type { KernelReport } from '../protocol/kernels';
import { openWeightDatabase } from './database';

/**
 * What was found out about kernels, in the object store of a weight database:
 *
 *   ['kernels', browser, device, case]   the reports for a kind of model on a device
 *
 * The browser is its user agent; a driver comes with the operating system or the browser, and may have changed where that
 * has. Forgetting costs the measuring of a load or a few, so a failure to read or write is no error.
 */
export class KernelMemory {
  readonly #store: UseStore;

  constructor(database: string) {
    this.#store = openWeightDatabase(database);
  }

  /** What was found out for this case; both are names of the caller's choice. */
  async recall(device: string, forCase: string): Promise<KernelReport[] | null> {
    const request = (store: IDBObjectStore) => store.get(['kernels', browser(), device, forCase]);
    return (await this.#read<KernelReport[] | undefined>(request)) ?? null;
  }

  /** What was found out on this device for any case. */
  async recallAny(device: string): Promise<KernelReport[] | null> {
    const request = (store: IDBObjectStore) => {
      const prefix = ['kernels', browser(), device];
      return store.getAll(IDBKeyRange.bound(prefix, [...prefix, []]), 1);
    };
    return (await this.#read<KernelReport[][]>(request))?.[0] ?? null;
  }

  /** Also forgets what was found out in other versions of the browser. */
  async remember(device: string, forCase: string, reports: KernelReport[]): Promise<void> {
    const write = (store: IDBObjectStore) => {
      store.delete(IDBKeyRange.bound(['kernels'], ['kernels', browser()]));
      store.delete(IDBKeyRange.bound(['kernels', browser(), []], ['kernels', []]));
      store.put(reports, ['kernels', browser(), device, forCase]);
      return promisifyRequest(store.transaction);
    };
    await this.#store('readwrite', write).catch(() => undefined);
  }

  async #read<T>(request: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    return this.#store('readonly', (store) => promisifyRequest(request(store))).catch(() => null);
  }
}

function browser(): string {
  return navigator.userAgent;
}
