import type { Manifest, TensorEntry } from '../checkpoint/manifest';
import { MANIFEST_VERSION } from '../checkpoint/manifest';
import { engineError, hasErrorName } from '../errors';
import type { ImporterApi, ImportRequest, ModelInfo, Progress } from '../protocol';
import { sha256OfJson } from '../storage/hash';
import { estimateStorage } from '../storage/quota';
import type { ImportJournal } from '../storage/weightStore';
import { DEFAULT_DATABASE, WeightStore } from '../storage/weightStore';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { importTensor } from './importTensor';
import { preferredId, unsharedId } from './modelId';
import { modelInfo } from './modelInfo';
import { openCheckpoint } from './openCheckpoint';
import { openSource } from './openSource';
import type { PlannedTensor } from './plan';
import { planImport, storedBytes } from './plan';
import { ImportProgress } from './progress';

/**
 * File, URL or hub → database. The source is described and judged first; then its tensors are packed and stored one by
 * one, in the order of the file, with a journal of what is finished; the manifest, which makes the model visible, comes
 * last. Memory stays at a few chunks whatever the size of the model.
 */
export class Importer implements ImporterApi {
  readonly #appUrl: string;

  /** Bundled models are looked up in `models/` below `appUrl`. */
  constructor(appUrl: string) {
    this.#appUrl = appUrl;
  }

  /**
   * Imports a model; a broken import of the same source goes on where it ended, and a model already stored under the id
   * stays usable until it is replaced. Throws UnsupportedError, InvalidFileError (nothing stays stored then),
   * NetworkError, StorageFullError, or ModelNotFoundError where it is removed before it is complete.
   */
  async importModel(request: ImportRequest, onProgress: (progress: Progress) => void): Promise<ModelInfo> {
    requireSecureOrigin();
    onProgress({ phase: 'reading', loadedBytes: 0, totalBytes: 0 });
    const files = openSource(request.source, this.#appUrl);
    const checkpoint = await openCheckpoint(files);
    try {
      const database = request.database ?? DEFAULT_DATABASE;
      const store = new WeightStore(database);
      const lockOf = (id: string) => `import ${database} ${id}`;
      const preferred = preferredId(request, checkpoint);
      // The id is chosen under a lock, so that two models of one name that are imported at once get two.
      return await withLock(lockOf(preferred), async () => {
        const print = fingerprint(request, checkpoint);
        const id = request.id ?? (await unsharedId(store, preferred, files.info, print));
        const work = () => importCheckpoint(store, id, request, files, checkpoint, onProgress);
        return id === preferred ? work() : withLock(lockOf(id), work);
      });
    } finally {
      for (const source of checkpoint.weights) source.close();
    }
  }
}

async function importCheckpoint(
  store: WeightStore,
  id: string,
  request: ImportRequest,
  files: FileSet,
  checkpoint: Checkpoint,
  onProgress: (progress: Progress) => void,
): Promise<ModelInfo> {
  const plan = planImport(checkpoint.tensors, request.quantization);
  const journal = await openJournal(store, id, fingerprint(request, checkpoint));
  try {
    const tensors = await importTensors(store, journal, checkpoint, plan, onProgress);
    const { config, tokenizer } = checkpoint;
    const manifest: Manifest = {
      version: MANIFEST_VERSION,
      id,
      importId: journal.importId,
      config,
      tensors,
      tokenizerHash: tokenizer && (await sha256OfJson(tokenizer)),
      info: modelInfo(id, request, files, checkpoint, plan),
    };
    await store.commit(manifest, tokenizer);
    return manifest.info;
  } catch (error) {
    const isOver = hasErrorName(error, 'InvalidFileError') || hasErrorName(error, 'ModelNotFoundError');
    if (isOver) await store.discardImport(journal);
    throw error;
  }
}

/** The journal to go on with: that of a broken import of the same source, or a new one in place of what another left. */
async function openJournal(store: WeightStore, id: string, fingerprint: string): Promise<ImportJournal> {
  const broken = await store.getJournal(id);
  if (broken?.fingerprint === fingerprint) {
    const stored = await store.storedChunks(broken.importId);
    const isStored = (tensor: TensorEntry) =>
      tensor.shards.every((shard) => shard.chunks.every((chunk) => stored.has(chunk.number)));
    return { ...broken, tensors: broken.tensors.filter(isStored) };
  }
  if (broken) await store.discardImport(broken);
  return { id, importId: crypto.randomUUID(), fingerprint, tensors: [] };
}

async function importTensors(
  store: WeightStore,
  journal: ImportJournal,
  checkpoint: Checkpoint,
  plan: PlannedTensor[],
  onProgress: (progress: Progress) => void,
): Promise<TensorEntry[]> {
  const finished = new Map(journal.tensors.map((tensor) => [tensor.name, tensor]));
  const remaining = plan.filter(({ entry }) => !finished.has(entry.name));
  await requireRoom(remaining);
  await store.putJournal(journal);
  const sourceBytes = (tensors: PlannedTensor[]) => tensors.reduce((sum, { source }) => sum + source.bytes, 0);
  const totalBytes = sourceBytes(plan);
  const progress = new ImportProgress(totalBytes - sourceBytes(remaining), totalBytes, onProgress);
  for (const planned of remaining) {
    const entry = await importTensor(
      planned,
      checkpoint.weights[planned.source.file]!,
      checkpoint.config.headDim,
      (number, bytes) => store.putChunk(journal.importId, number, bytes),
      (bytes) => progress.add(bytes),
    );
    finished.set(entry.name, entry);
    await store.updateJournal({ ...journal, tensors: [...finished.values()] });
  }
  return plan.map(({ entry }) => finished.get(entry.name)!);
}

/** Throws UnsupportedError where the browser hides what an import needs: hashes, random ids. */
function requireSecureOrigin(): void {
  if ('subtle' in crypto && 'randomUUID' in crypto) return;
  const message = 'Models can only be stored by a page that was opened over https or from localhost.';
  throw engineError('UnsupportedError', message);
}

/** Throws StorageFullError where the browser says beforehand that the rest of the import will not fit. */
async function requireRoom(remaining: PlannedTensor[]): Promise<void> {
  const estimate = await estimateStorage();
  if (!estimate) return;
  const needed = remaining.reduce((sum, { entry }) => sum + storedBytes(entry), 0);
  const free = estimate.quotaBytes - estimate.usedBytes;
  if (needed <= free) return;
  const inMegabytes = (bytes: number) => `${(Math.max(0, bytes) / 1e6).toFixed(1)} MB`;
  throw engineError(
    'StorageFullError',
    `The model needs ${inMegabytes(needed)} of storage, and the browser has ${inMegabytes(free)} left for this page.`,
  );
}

/** Equal for imports that store the same bytes under the same chunk numbers. */
function fingerprint(request: ImportRequest, checkpoint: Checkpoint): string {
  const sources = checkpoint.weights.map((source) => source.fingerprint);
  return JSON.stringify([MANIFEST_VERSION, request.quantization, checkpoint.config, ...sources]);
}

/** Two tabs that import one model would write the same records: the second waits where the browser has locks. */
function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const hasLocks = typeof navigator !== 'undefined' && 'locks' in navigator;
  return hasLocks ? navigator.locks.request(name, work) : work();
}
