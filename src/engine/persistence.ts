/**
 * Asks the browser not to clear this page's models when space runs short; true where it promises. If it refuses, they can
 * be imported again. `Diagnostics.storage` tells the answer later on.
 */
export async function askToKeepModels(): Promise<boolean> {
  // Absent on pages without a secure origin.
  const storage = navigator.storage as StorageManager | undefined;
  return (await storage?.persist().catch(() => false)) ?? false;
}
