import type { RunningHash } from '../storage/runningHash';
import { appendToHash, emptyHash } from '../storage/runningHash';

/** The hash of the beginning of a file, which grows as the bytes behind it come by. All others are ignored. */
export class FileHash {
  #hash: RunningHash = emptyHash();

  get running(): RunningHash {
    return this.#hash;
  }

  /** Goes on from where another page had come to. */
  resume(hash: RunningHash): void {
    this.#hash = hash;
  }

  /** `bytes` of the file, from byte `offset` on. */
  append(offset: number, bytes: Uint8Array): void {
    const known = this.#hash.length - offset;
    if (known >= 0 && known < bytes.length) this.#hash = appendToHash(this.#hash, bytes.subarray(known));
  }
}
