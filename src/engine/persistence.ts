/** Asks the browser not to clear this page's models when space runs short. If it refuses, they can be imported again. */
export function askToKeepModels(): void {
  // Absent on pages without a secure origin.
  const storage = navigator.storage as StorageManager | undefined;
  storage?.persist().catch(() => undefined);
}
