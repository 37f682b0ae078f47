import type { LifelineMessage } from './protocol/lifeline';

/**
 * Holds a lock of this worker's name for as long as the worker lives, and says so. A worker that is ended, for want of
 * memory for instance, fires no event that its page could see; but the browser frees its locks.
 */
export function holdLifeline(): void {
  // Web Locks are missing where the page is neither on https nor on localhost.
  if (!('locks' in navigator)) return;
  const isHeld: LifelineMessage = 'lifeline held';
  void navigator.locks.request(self.name, () => {
    self.postMessage(isHeld);
    return new Promise<void>(() => undefined);
  });
}
