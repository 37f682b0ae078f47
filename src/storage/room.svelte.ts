import { askToKeepModels } from '../engine/persistence';

/** What the browser says about this page's storage. */
export class Room {
  /** Null until it is known, and where the browser does not tell. */
  usedBytes = $state<number | null>(null);
  quotaBytes = $state<number | null>(null);
  /** Whether the browser has promised not to clear it when space runs short; null where it does not know such promises. */
  isPersistent = $state<boolean | null>(null);
  /** True after it was asked for that promise, and did not give it. */
  wasRefused = $state(false);
  readonly freeBytes = $derived(
    this.usedBytes === null || this.quotaBytes === null ? null : Math.max(0, this.quotaBytes - this.usedBytes),
  );

  readonly #storage: StorageManager | undefined;

  constructor(storage: StorageManager | undefined = navigator.storage) {
    this.#storage = storage;
  }

  async refresh(): Promise<void> {
    const estimate = await this.#storage?.estimate?.();
    this.usedBytes = estimate?.usage ?? null;
    this.quotaBytes = estimate?.quota ?? null;
    this.isPersistent = (await this.#storage?.persisted?.()) ?? null;
  }

  /** Asks the browser for its promise; some ask the person. */
  async ask(): Promise<void> {
    this.wasRefused = !(await askToKeepModels());
    await this.refresh();
  }
}
