import type { ReadStretches } from '../checkpoint/torchArchive';
import type { ByteSource } from './byteSource';

/** Fetched ahead at most, gaps that are too short to leave out included. */
const WINDOW_BYTES = 4 << 20;

/** Reads many short stretches of a file, in its order, several at once where they are requested from a server. */
export function stretchReader(source: ByteSource): ReadStretches {
  return async (stretches) => {
    const ranges = stretches.map(({ offset, length }) => ({ from: offset, to: offset + length }));
    source.expect(ranges, Math.max(WINDOW_BYTES, ...stretches.map(({ length }) => length)));
    const read: Uint8Array[] = [];
    for (const { from, to } of ranges) {
      read.push(await source.read(from, to - from));
      source.settle(to);
    }
    return read;
  };
}
