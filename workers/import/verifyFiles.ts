import { engineError } from '../errors';
import type { RunningHash } from '../storage/runningHash';
import { appendToHash, finishedHash } from '../storage/runningHash';
import type { ByteSource } from './byteSource';

/** Behind the last tensor, files have some bytes of padding at most. */
const PADDING_BYTES = 64 * 1024;

/**
 * Whether all files are what their hub states, as far as they were read: false where it states nothing of one of them,
 * or where a part of one was not needed. `hashes` are theirs up to the last tensor.
 * Throws NetworkError for a file that has another hash.
 */
export async function verifyFiles(sources: ByteSource[], hashes: (RunningHash | null)[]): Promise<boolean> {
  let isVerified = true;
  for (const [i, source] of sources.entries()) {
    const hash = hashes[i];
    const left = hash && source.size !== null ? source.size - hash.length : null;
    if (!hash || left === null || left > PADDING_BYTES) {
      isVerified = false;
      continue;
    }
    const whole = left === 0 ? hash : appendToHash(hash, await source.read(hash.length, left));
    if (finishedHash(whole) !== source.statedHash) {
      const message = `${source.name} did not arrive as the hub states it: its SHA-256 is another. Import it again.`;
      throw engineError('NetworkError', message);
    }
  }
  return isVerified;
}
