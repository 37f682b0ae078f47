export interface StorageEstimate {
  usedBytes: number;
  quotaBytes: number;
  /** Whether the browser has promised not to clear this origin's storage when space runs short. */
  isPersistent: boolean;
}

/** What this origin stores and may store, or null where the browser does not tell. */
export async function estimateStorage(): Promise<StorageEstimate | null> {
  if (typeof navigator === 'undefined' || typeof navigator.storage?.estimate !== 'function') return null;
  const { usage, quota } = await navigator.storage.estimate();
  if (usage === undefined || quota === undefined) return null;
  return { usedBytes: usage, quotaBytes: quota, isPersistent: (await navigator.storage.persisted?.()) ?? false };
}
