import type { ChunkEntry, TensorEntry } from '../checkpoint/manifest';
import { hasErrorName, storageFullError } from '../errors';
import type { Progress } from '../protocol/progress';
import { estimateStorage } from '../storage/quota';
import type { ImportJournal, WeightStore } from '../storage/weightStore';
import type { ByteRange, ByteSource } from './byteSource';
import type { Checkpoint } from './checkpoint';
import { importChunks, sourceRange } from './importTensor';
import { packerCount, Packers } from './packers';
import type { PlannedChunk, PlannedTensor } from './plan';
import { plannedChunks } from './plan';
import { ImportProgress } from './progress';

/** So much between the last stored chunk and the next is read again, so that the hash of the file goes on. */
const MAX_LEAD_BYTES = 64 * 1024;

/** A chunk that is not stored yet. */
interface PendingChunk extends PlannedChunk {
  /** The bytes of the file that it is made of. */
  range: ByteRange;
  /** When it is stored, nothing of the file in front of this byte is needed any more. */
  settles: number;
}

interface PendingTensor {
  planned: PlannedTensor;
  chunks: PendingChunk[];
}

/**
 * Packs and stores the chunks of `plan` that are not stored yet, each together with a journal that says so; resolves to
 * the finished entries. Throws StorageFullError before it begins where the browser says that there is no room, and what
 * reading, packing and storing throw.
 */
export async function importWeights(
  store: WeightStore,
  journal: ImportJournal,
  { weights, config }: Checkpoint,
  plan: PlannedTensor[],
  onProgress: (progress: Progress) => void,
): Promise<TensorEntry[]> {
  const hashes = await store.storedChunks(journal.importId);
  const pending = pendingTensors(plan, hashes, config.headDim);
  await requireRoom(pending);
  await store.putJournal(journal);
  announce(pending, weights, journal);
  const progress = new ImportProgress(journal.loadedBytes, journal.totalBytes, onProgress);
  const packers = new Packers(packerCount(journal.totalBytes - journal.loadedBytes));
  try {
    for (const { planned, chunks } of pending) {
      const source = weights[planned.source.file]!;
      const waiting = [...chunks];
      const stored = await importChunks(
        planned,
        chunks,
        weights,
        config.headDim,
        packers.pack,
        async (chunk, bytes) => {
          const { settles, ...rows } = waiting.shift()!;
          journal.loadedBytes += ownBytes(planned, rows);
          journal.storedBytes += bytes.byteLength;
          journal.updatedAt = Date.now();
          journal.fileHashes[planned.source.file] = source.hashTo(settles);
          await store.putChunk(journal, chunk, bytes).catch((error: unknown) => {
            throw hasErrorName(error, 'StorageFullError') ? storageRanFull(pending, chunk, error) : error;
          });
          source.settle(settles);
        },
        (bytes) => progress.add(bytes),
      );
      for (const { number, hash } of stored) hashes.set(number, hash);
    }
  } finally {
    packers.close();
  }
  return plan.map(({ entry }) => withHashes(entry, hashes));
}

/** Of the source, the bytes that all tensors take. */
export function sourceBytes(plan: PlannedTensor[]): number {
  return plan.reduce((sum, { source }) => sum + source.bytes, 0);
}

/** Of the source, the bytes whose chunks are stored. */
export function storedSourceBytes(plan: PlannedTensor[], hashes: ReadonlyMap<number, string>): number {
  return sumOverStored(plan, hashes, ownBytes);
}

/** What the chunks that are stored take in the database, in bytes. */
export function storedPackedBytes(plan: PlannedTensor[], hashes: ReadonlyMap<number, string>): number {
  return sumOverStored(plan, hashes, (_, { chunk }) => chunk.bytes);
}

function sumOverStored(
  plan: PlannedTensor[],
  hashes: ReadonlyMap<number, string>,
  bytesOf: (planned: PlannedTensor, chunk: PlannedChunk) => number,
): number {
  const isStored = ({ chunk }: PlannedChunk) => hashes.has(chunk.number);
  const ofTensor = (planned: PlannedTensor) =>
    plannedChunks(planned.entry)
      .filter(isStored)
      .reduce((sum, chunk) => sum + bytesOf(planned, chunk), 0);
  return plan.reduce((sum, planned) => sum + ofTensor(planned), 0);
}

function ownBytes({ source, entry }: PlannedTensor, { firstRow, endRow }: Pick<PlannedChunk, 'firstRow' | 'endRow'>) {
  const rows = entry.shape.length === 1 ? 1 : entry.shape[0];
  return (source.bytes / rows) * (endRow - firstRow);
}

function pendingTensors(plan: PlannedTensor[], hashes: ReadonlyMap<number, string>, headDim: number): PendingTensor[] {
  const pending = plan.map((planned) => ({
    planned,
    chunks: plannedChunks(planned.entry)
      .filter(({ chunk }) => !hashes.has(chunk.number))
      .map((chunk) => ({ ...chunk, range: sourceRange(planned, chunk, headDim), settles: 0 })),
  }));
  const next = new Map<number, PendingChunk>();
  for (const { planned, chunks } of pending.toReversed()) {
    for (const chunk of chunks.toReversed()) {
      // The next chunk may begin with the end of a head that this one has read already.
      chunk.settles = Math.min(chunk.range.to, next.get(planned.source.file)?.range.from ?? Infinity);
      next.set(planned.source.file, chunk);
    }
  }
  return pending.filter(({ chunks }) => chunks.length > 0);
}

/** Lets the sources fetch ahead, but never more than the largest chunk takes: that much is lost with the page. */
function announce(pending: PendingTensor[], weights: ByteSource[], journal: ImportJournal): void {
  for (const [file, source] of weights.entries()) {
    const ofFile = pending.filter(({ planned }) => planned.source.file === file);
    const ranges = ofFile.flatMap(({ chunks }) => chunks.map(({ range }) => range));
    const hash = journal.fileHashes[file];
    if (hash) source.resumeHash(hash);
    const window = Math.max(0, ...ranges.map(({ from, to }) => to - from));
    const lead = hash && ranges[0] ? ranges[0].from - hash.length : 0;
    const hasLead = lead > 0 && lead <= MAX_LEAD_BYTES;
    if (hasLead) ranges.unshift({ from: hash!.length, to: ranges[0]!.from });
    source.expect(ranges, window + (hasLead ? lead : 0));
  }
}

/**
 * Throws StorageFullError where the browser says beforehand that the rest of the import will not fit. Some browsers claim
 * more room than they give, so that sites cannot tell one visitor from another.
 */
async function requireRoom(pending: PendingTensor[]): Promise<void> {
  const estimate = await estimateStorage();
  if (!estimate) return;
  const needed = storedBytesFrom(pending, 0);
  const free = estimate.quotaBytes - estimate.usedBytes;
  if (needed <= free) return;
  throw storageFullError(needed, free);
}

function storageRanFull(pending: PendingTensor[], { number }: ChunkEntry, cause: unknown): Error {
  return storageFullError(storedBytesFrom(pending, number), null, cause);
}

/** Bytes that the pending chunks take, from this number on. */
function storedBytesFrom(pending: PendingTensor[], first: number): number {
  const chunks = pending.flatMap((tensor) => tensor.chunks).filter(({ chunk }) => chunk.number >= first);
  return chunks.reduce((sum, { chunk }) => sum + chunk.bytes, 0);
}

function withHashes(entry: TensorEntry, hashes: ReadonlyMap<number, string>): TensorEntry {
  const shards = entry.shards.map((shard) => ({
    ...shard,
    chunks: shard.chunks.map((chunk) => ({ ...chunk, hash: hashes.get(chunk.number)! })),
  }));
  return { ...entry, shards };
}
