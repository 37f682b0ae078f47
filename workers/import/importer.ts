import type { Manifest } from '../checkpoint/manifest';
import { CHUNK_BYTES, MANIFEST_VERSION } from '../checkpoint/manifest';
import { engineError, hasErrorName } from '../errors';
import type { ImportRequest, ImporterApi, RepairRequest } from '../protocol/importing';
import type { ModelInfo } from '../protocol/model';
import type { Progress } from '../protocol/progress';
import type { SourceInfo } from '../protocol/source';
import { sha256OfJson } from '../storage/hash';
import { importLock, whileUnloaded, withLock } from '../storage/locks';
import type { ImportJournal } from '../storage/weightStore';
import { DEFAULT_DATABASE, WeightStore } from '../storage/weightStore';
import type { Checkpoint } from './checkpoint';
import { whileAlone } from './importLock';
import { importWeights, sourceBytes, storedPackedBytes, storedSourceBytes } from './importWeights';
import { preferredId, unsharedId } from './modelId';
import { modelInfo } from './modelInfo';
import { openCheckpoint } from './openCheckpoint';
import { openSource } from './openSource';
import type { PlannedTensor } from './plan';
import { planImport } from './plan';
import { repairModel } from './repair';
import { resumableRequest } from './resumableRequest';
import { verifyFiles } from './verifyFiles';

/**
 * File, URL or hub → database. The source is described and judged first; then its tensors are packed and stored chunk by
 * chunk, in the order of the file, with a journal of what is finished; the manifest, which makes the model visible, comes
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
   * stays usable until it is replaced. Where another tab imports the same, its progress is followed, and its work taken
   * over if it ends. Throws UnsupportedError, InvalidFileError (nothing stays stored then), NetworkError,
   * SourceChangedError, StorageFullError, ModelInUseError where it would replace a model that is loaded, or
   * ModelNotFoundError where there is none of that name, or it is removed before it is complete.
   */
  async importModel(asked: ImportRequest, onProgress: (progress: Progress) => void): Promise<ModelInfo> {
    requireSecureOrigin();
    onProgress({ phase: 'reading', loadedBytes: 0, totalBytes: 0 });
    const startedAt = Date.now();
    const database = asked.database ?? DEFAULT_DATABASE;
    const store = new WeightStore(database);
    const request = await resumableRequest(store, asked);
    const { source, branch, token, transfer } = request;
    const files = await openSource(source, { appUrl: this.#appUrl, token, transfer });
    const info: SourceInfo = { ...files.info, ...(branch !== undefined && { branch }) };
    const checkpoint = await openCheckpoint(files);
    try {
      const print = fingerprint(request, checkpoint);
      const preferred = preferredId(request, checkpoint);
      // The id is chosen under a lock, so that two models of one name that are imported at once get two.
      return await whileAlone(importLock(database, preferred), print, onProgress, async (report) => {
        const id = request.id ?? (await unsharedId(store, preferred, info, print));
        const work = async (report: (progress: Progress) => void) => {
          const stored = await store.findManifest(id);
          const isDoneElsewhere = stored?.fingerprint === print && stored.info.importedAt >= startedAt;
          if (isDoneElsewhere) {
            // The other tab's last words may come behind the end of its work.
            const totalBytes = sourceBytes(planImport(checkpoint.tensors, request.quantization, chunkBytesOf(request)));
            report({ phase: 'importing', loadedBytes: totalBytes, totalBytes, modelId: id });
            return stored.info;
          }
          // What is loaded may read its weights again: better said now than behind a download.
          if (stored) await whileUnloaded(database, id, () => Promise.resolve());
          const reportAs = (progress: Progress) => report({ ...progress, modelId: id });
          return importCheckpoint(store, id, request, info, checkpoint, print, reportAs);
        };
        return id === preferred ? work(report) : whileAlone(importLock(database, id), print, report, work);
      });
    } finally {
      for (const source of checkpoint.weights) source.close();
    }
  }

  /** See `repairModel` in repair.ts. */
  repairModel(request: RepairRequest, onProgress: (progress: Progress) => void): Promise<string[]> {
    const { database = DEFAULT_DATABASE, id, token, transfer } = request;
    const settings = { appUrl: this.#appUrl, token, transfer };
    return withLock(importLock(database, id), () =>
      repairModel(new WeightStore(database), id, request.source, settings, onProgress),
    );
  }
}

async function importCheckpoint(
  store: WeightStore,
  id: string,
  request: ImportRequest,
  source: SourceInfo,
  checkpoint: Checkpoint,
  fingerprint: string,
  onProgress: (progress: Progress) => void,
): Promise<ModelInfo> {
  const chunkBytes = chunkBytesOf(request);
  const plan = planImport(checkpoint.tensors, request.quantization, chunkBytes);
  const journal = await openJournal(store, id, request, source, checkpoint, plan, fingerprint);
  try {
    const tensors = await importWeights(store, journal, checkpoint, plan, onProgress);
    const isVerified = await verifyOrDiscard(store, journal, checkpoint);
    const { config, tokenizer } = checkpoint;
    const verified = source.kind === 'hub' ? { ...source, isVerified } : source;
    const manifest: Manifest = {
      version: MANIFEST_VERSION,
      id,
      importId: journal.importId,
      config,
      tensors,
      tokenizerHash: tokenizer && (await sha256OfJson(tokenizer)),
      fingerprint,
      chunkBytes,
      info: modelInfo(id, request, verified, checkpoint, plan),
    };
    await whileUnloaded(request.database ?? DEFAULT_DATABASE, id, () => store.commit(manifest, tokenizer));
    return manifest.info;
  } catch (error) {
    // Of a file that is damaged or has another content by now, nothing that is stored can be of use.
    const isOver = (['InvalidFileError', 'SourceChangedError', 'ModelNotFoundError'] as const).some((name) =>
      hasErrorName(error, name),
    );
    if (isOver) await store.discardImport(journal);
    throw error;
  }
}

/** The journal to go on with: that of a broken import of the same source, or a new one in place of what another left. */
async function openJournal(
  store: WeightStore,
  id: string,
  request: ImportRequest,
  source: SourceInfo,
  { modelName, weights }: Checkpoint,
  plan: PlannedTensor[],
  fingerprint: string,
): Promise<ImportJournal> {
  const broken = await store.getJournal(id);
  if (broken?.fingerprint === fingerprint) {
    const hashes = await store.storedChunks(broken.importId);
    return {
      ...broken,
      source,
      loadedBytes: storedSourceBytes(plan, hashes),
      storedBytes: storedPackedBytes(plan, hashes),
    };
  }
  if (broken) await store.discardImport(broken);
  return {
    id,
    importId: crypto.randomUUID(),
    fingerprint,
    name: modelName,
    source,
    quantization: request.quantization,
    chunkBytes: chunkBytesOf(request),
    loadedBytes: 0,
    totalBytes: sourceBytes(plan),
    storedBytes: 0,
    updatedAt: Date.now(),
    fileHashes: weights.map(() => null),
  };
}

/** See `verifyFiles`. What came with another hash than it should have is not kept. */
async function verifyOrDiscard(store: WeightStore, journal: ImportJournal, { weights }: Checkpoint): Promise<boolean> {
  try {
    return await verifyFiles(weights, journal.fileHashes);
  } catch (error) {
    await store.discardImport(journal);
    throw error;
  }
}

/** Throws UnsupportedError where the browser hides what an import needs: hashes, random ids. */
function requireSecureOrigin(): void {
  if ('subtle' in crypto && 'randomUUID' in crypto) return;
  const message = 'Models can only be stored by a page that was opened over https or from localhost.';
  throw engineError('UnsupportedError', message);
}

/** Equal for imports that store the same bytes under the same chunk numbers. */
function fingerprint(request: ImportRequest, checkpoint: Checkpoint): string {
  const sources = checkpoint.weights.map((source) => source.fingerprint);
  return JSON.stringify([MANIFEST_VERSION, request.quantization, chunkBytesOf(request), checkpoint.config, ...sources]);
}

function chunkBytesOf({ transfer }: ImportRequest): number {
  return transfer?.chunkBytes ?? CHUNK_BYTES;
}
