import { promisifyRequest } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import type { KernelReport } from '../protocol';
import { openWeightDatabase } from './database';

/**
 * What was found out about kernels, in the object store of a weight database:
 *
 *   ['kernels', device, case]   the reports of a device and browser for one kind of model
 *
 * Both parts are hashes. Forgetting them costs a second of measuring, so failures to read or write are no errors.
 */
export class KernelMemory {
  readonly #store: UseStore;

  constructor(database: string) {
    this.#store = openWeightDatabase(database);
  }

  /** What was found out for this case. */
  async recall(device: string, forCase: string): Promise<KernelReport[] | null> {
    const request = (store: IDBObjectStore) => store.get(['kernels', device, forCase]);
    return (await this.#read<KernelReport[] | undefined>(request)) ?? null;
  }

  /** What was found out on this device for any case. */
  async recallAny(device: string): Promise<KernelReport[] | null> {
    const range = IDBKeyRange.bound(['kernels', device], ['kernels', device, []]);
    return (await this.#read<KernelReport[][]>((store) => store.getAll(range, 1)))?.[0] ?? null;
  }

  /** Also forgets all other devices: a browser's update makes it another one. */
  async remember(device: string, forCase: string, reports: KernelReport[]): Promise<void> {
    const write = (store: IDBObjectStore) => {
      store.delete(IDBKeyRange.bound(['kernels'], ['kernels', device]));
      store.delete(IDBKeyRange.bound(['kernels', device, []], ['kernels', []]));
      store.put(reports, ['kernels', device, forCase]);
      return promisifyRequest(store.transaction);
    };
    await this.#store('readwrite', write).catch(() => undefined);
  }

  #read<T>(request: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    return this.#store('readonly', (store) => promisifyRequest(request(store))).catch(() => null);
  }
}
