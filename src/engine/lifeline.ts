import type { LifelineMessage } from '../../workers/protocol/lifeline';
import { randomId } from './randomId';

const HELD: LifelineMessage = 'lifeline held';

/** A name that no other worker of this origin has. */
export function workerName(job: string): string {
  return `${job} ${randomId()}`;
}

/** Calls `onEnd` once the worker of this name is gone, however it went: see workers/lifeline.ts. */
export function watchLifeline(worker: Worker, name: string, onEnd: () => void): void {
  worker.addEventListener('message', ({ data }) => {
    if (data === HELD) void navigator.locks.request(name, onEnd);
  });
}
