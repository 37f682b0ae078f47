import type { Progress } from '../protocol/progress';
import { withFreeLock, withLock } from '../storage/locks';

/** What other tabs that import the same are told. */
interface Message {
  fingerprint: string;
  progress: Progress;
}

/**
 * Runs `work` while no other tab holds the lock `name`. While one does, and imports what has this fingerprint, its
 * progress is passed on; when it has finished, or died, `work` runs here, to find what it has left.
 */
export function whileAlone<T>(
  name: string,
  fingerprint: string,
  onProgress: (progress: Progress) => void,
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  return withFreeLock(name, async (isFree) => {
    const channel = new BroadcastChannel(name);
    try {
      if (isFree) return await work(announcing(channel, fingerprint, onProgress));
      channel.onmessage = ({ data }: MessageEvent<Message>) => {
        if (data.fingerprint === fingerprint) onProgress({ ...data.progress, isElsewhere: true });
      };
      return await withLock(name, () => {
        channel.onmessage = null;
        return work(announcing(channel, fingerprint, onProgress));
      });
    } finally {
      channel.close();
    }
  });
}

function announcing(channel: BroadcastChannel, fingerprint: string, onProgress: (progress: Progress) => void) {
  return (progress: Progress) => {
    onProgress(progress);
    channel.postMessage({ fingerprint, progress } satisfies Message);
  };
}
