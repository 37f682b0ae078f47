import type { LifelineMessage } from '../../workers/protocol/lifeline';

const HELD: LifelineMessage = 'lifeline held';

/** A name that no other worker of this origin has. */
export function workerName(job: string): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0'));
  return `${job} ${digits.join('')}`;
}

/** Calls `onEnd` once the worker of this name is gone, however it went: see workers/lifeline.ts. */
export function watchLifeline(worker: Worker, name: string, onEnd: () => void): void {
  worker.addEventListener('message', ({ data }) => {
    if (data === HELD) void navigator.locks.request(name, onEnd);
  });
}
