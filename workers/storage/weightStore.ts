import { promisifyRequest } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import type { ChunkEntry, Manifest, TensorEntry, TokenizerRecord } from '../checkpoint/manifest';
import { engineError } from '../errors';
import type { UnfinishedImport } from '../protocol/importing';
import type { Progress } from '../protocol/progress';
import { openWeightDatabase } from './database';
import { sha256, sha256OfJson } from './hash';
import { release } from './release';
import type { RunningHash } from './runningHash';
import type { StoredBytes } from './storedBytes';
import { putBytes, readStored, storedSize } from './storedBytes';

/** The app's own database. */
export const DEFAULT_DATABASE = 'minicpm-weights';

/** An import under way, or broken off: with the chunks that are stored, all it takes to go on. */
export interface ImportJournal extends Omit<UnfinishedImport, 'isUnderWay'> {
  importId: string;
  /** Tells one source, quantization and layout version from another. */
  fingerprint: string;
  /** The largest chunk that it stores. */
  chunkBytes: number;
  /** Of each file of weights, up to where its chunks are stored; null where a part of it was left out. */
  fileHashes: (RunningHash | null)[];
}

/** Stored parts of a model that are missing or changed. */
export interface Damage {
  /** `index` is the chunk's among those of its tensor. */
  chunks: { tensor: TensorEntry; index: number; chunk: ChunkEntry }[];
  hasBadTokenizer: boolean;
}

/**
 * Imported models in one IndexedDB object store.
 *
 *   ['manifest', id]              a visible model
 *   ['used', id]                  when it was loaded last
 *   ['journal', id]               an import under way, or broken off
 *   ['tokenizer', importId]       its tokenizer
 *   ['chunk', importId, number]   its weights
 *   ['hash', importId, number]    the SHA-256 of a chunk, until the manifest holds them all
 *
 * Every method may reject with UnsupportedError (no IndexedDB); those that write also with StorageFullError.
 */
export class WeightStore {
  readonly #store: UseStore;

  constructor(database: string) {
    this.#store = openWeightDatabase(database);
  }

  /** The manifests of all visible models. */
  listManifests(): Promise<Manifest[]> {
    return this.#store('readonly', (store) => promisifyRequest<Manifest[]>(store.getAll(everyKeyBelow('manifest'))));
  }

  /** The manifest of a visible model. Throws ModelNotFoundError. */
  async getManifest(id: string): Promise<Manifest> {
    const manifest = await this.findManifest(id);
    if (!manifest) throw engineError('ModelNotFoundError', `There is no model "${id}" in this browser.`);
    return manifest;
  }

  /** The manifest of a visible model, or null. */
  async findManifest(id: string): Promise<Manifest | null> {
    return (await this.#get<Manifest>(['manifest', id])) ?? null;
  }

  /** The bytes of one chunk of `manifest`. Throws ModelCorruptError when they are missing or not what was stored. */
  async getChunk(manifest: Manifest, chunk: ChunkEntry): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, fault } = await this.#checkChunk(manifest, chunk);
    if (bytes) return bytes;
    const isIn = ({ shards }: TensorEntry) =>
      shards.some(({ chunks }) => chunks.some(({ number }) => number === chunk.number));
    const place = `${manifest.tensors.find(isIn)?.name}, chunk ${chunk.number} of the stored model "${manifest.id}"`;
    throw engineError('ModelCorruptError', `${place} ${fault}.`);
  }

  /** The tokenizer of a model; null where it came without one. Throws ModelCorruptError when it should be there. */
  async getTokenizer(manifest: Manifest): Promise<TokenizerRecord | null> {
    if (manifest.tokenizerHash === null) return null;
    const record = await this.#get<TokenizerRecord>(['tokenizer', manifest.importId]);
    if (record) return record;
    throw engineError('ModelCorruptError', `The tokenizer of the stored model "${manifest.id}" is missing.`);
  }

  /** Re-hashes every chunk and the tokenizer. Throws AbortError where `signal` ends it. */
  async findDamage(
    manifest: Manifest,
    onProgress: (progress: Progress) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<Damage> {
    const damage: Damage = { chunks: [], hasBadTokenizer: false };
    const totalBytes = manifest.info.bytes;
    let loadedBytes = 0;
    for (const tensor of manifest.tensors) {
      for (const [index, chunk] of tensor.shards.flatMap((shard) => shard.chunks).entries()) {
        signal?.throwIfAborted();
        onProgress({ phase: 'verifying', loadedBytes, totalBytes });
        loadedBytes += chunk.bytes;
        const { bytes } = await this.#checkChunk(manifest, chunk);
        if (bytes) release(bytes);
        else damage.chunks.push({ tensor, index, chunk });
      }
    }
    if (manifest.tokenizerHash !== null) {
      const record = await this.#get<TokenizerRecord>(['tokenizer', manifest.importId]);
      damage.hasBadTokenizer = !record || (await sha256OfJson(record)) !== manifest.tokenizerHash;
    }
    return damage;
  }

  /** `findDamage` for people: `badChunks` names what is missing or changed. Throws ModelNotFoundError. */
  async verify(
    id: string,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<{ ok: boolean; badChunks: string[] }> {
    const badChunks = damageNames(await this.findDamage(await this.getManifest(id), onProgress, signal));
    return { ok: badChunks.length === 0, badChunks };
  }

  /** Puts back a chunk of a visible model. */
  restoreChunk({ importId }: Manifest, number: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#write((store) => putBytes(store, ['chunk', importId, number], bytes));
  }

  /** Puts back the tokenizer of a visible model. */
  restoreTokenizer({ importId }: Manifest, tokenizer: TokenizerRecord): Promise<void> {
    return this.#write((store) => store.put(tokenizer, ['tokenizer', importId]));
  }

  /** Notes that a model is being used. */
  noteUse(id: string): Promise<void> {
    return this.#write((store) => store.put(Date.now(), ['used', id]));
  }

  /** When a model was used last, in milliseconds since 1970, or null. */
  async lastUse(id: string): Promise<number | null> {
    return (await this.#get<number>(['used', id])) ?? null;
  }

  /** Deletes a model and whatever a broken import of it has left. Throws ModelNotFoundError where there is neither. */
  async remove(id: string): Promise<void> {
    const journal = await this.getJournal(id);
    const manifest = journal ? await this.findManifest(id) : await this.getManifest(id);
    await this.#write((store) => {
      store.delete(['manifest', id]);
      store.delete(['used', id]);
      store.delete(['journal', id]);
      if (manifest) deleteImport(store, manifest.importId);
      if (journal) deleteImport(store, journal.importId);
    });
  }

  /** The journal of a broken import of `id`, or null. */
  async getJournal(id: string): Promise<ImportJournal | null> {
    return (await this.#get<ImportJournal>(['journal', id])) ?? null;
  }

  /** The journals of all broken imports. */
  listJournals(): Promise<ImportJournal[]> {
    return this.#store('readonly', (store) =>
      promisifyRequest<ImportJournal[]>(store.getAll(everyKeyBelow('journal'))),
    );
  }

  /** Writes the first journal of an import. */
  putJournal(journal: ImportJournal): Promise<void> {
    return this.#write((store) => store.put(journal, ['journal', journal.id]));
  }

  /** Forgets an import under way and deletes what it has stored. */
  discardImport(journal: ImportJournal): Promise<void> {
    return this.#write((store) => {
      store.delete(['journal', journal.id]);
      deleteImport(store, journal.importId);
    });
  }

  /**
   * Stores a chunk of an import under way and what its journal says with it, in one transaction. Throws
   * ModelNotFoundError where the import was removed meanwhile.
   */
  putChunk(journal: ImportJournal, { number, hash }: ChunkEntry, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#writeImport(journal, (store) => {
      putBytes(store, ['chunk', journal.importId, number], bytes);
      store.put(hash, ['hash', journal.importId, number]);
      store.put(journal, ['journal', journal.id]);
    });
  }

  /** The hashes of the chunks that an import under way has stored, by their numbers. */
  async storedChunks(importId: string): Promise<Map<number, string>> {
    const [chunks, numbers, hashes] = await this.#store('readonly', (store) =>
      Promise.all([
        promisifyRequest(store.getAllKeys(everyKeyBelow('chunk', importId))),
        promisifyRequest(store.getAllKeys(everyKeyBelow('hash', importId))),
        promisifyRequest<string[]>(store.getAll(everyKeyBelow('hash', importId))),
      ]),
    );
    const numberOf = (key: IDBValidKey) => Number((key as IDBValidKey[])[2]);
    const stored = new Set(chunks.map(numberOf));
    return new Map(numbers.map((key, i) => [numberOf(key), hashes[i]!] as const).filter(([key]) => stored.has(key)));
  }

  /**
   * Makes an import visible, in one transaction: stores tokenizer and manifest, forgets the journal, and deletes the
   * model that was stored under the same id. Throws ModelNotFoundError where the import was removed meanwhile.
   */
  async commit(manifest: Manifest, tokenizer: TokenizerRecord | null): Promise<void> {
    const replaced = await this.findManifest(manifest.id);
    await this.#writeImport(manifest, (store) => {
      if (replaced) deleteImport(store, replaced.importId);
      if (tokenizer) store.put(tokenizer, ['tokenizer', manifest.importId]);
      store.put(manifest, ['manifest', manifest.id]);
      store.delete(everyKeyBelow('hash', manifest.importId));
      store.delete(['journal', manifest.id]);
    });
  }

  /** The bytes of a chunk, or what is wrong with them, as the end of a sentence. */
  async #checkChunk(
    { importId }: Manifest,
    { number, bytes: length, hash }: ChunkEntry,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; fault?: never } | { bytes?: never; fault: string }> {
    const stored = await this.#get<StoredBytes>(['chunk', importId, number]);
    if (!stored) return { fault: 'is missing' };
    const size = storedSize(stored);
    if (size !== length) return { fault: `has ${size} bytes instead of ${length}` };
    const bytes = await readStored(stored).catch(unreadable);
    if (!bytes) return { fault: 'cannot be read' };
    return (await sha256(bytes)) === hash ? { bytes } : { fault: 'has changed since it was stored' };
  }

  #get<T>(key: IDBValidKey): Promise<T | undefined> {
    return this.#store('readonly', (store) => promisifyRequest<T | undefined>(store.get(key)));
  }

  /** Writes on behalf of an import, in one transaction with a look whether it still has its journal. */
  async #writeImport(
    { id, importId }: Pick<ImportJournal, 'id' | 'importId'>,
    change: (store: IDBObjectStore) => void,
  ): Promise<void> {
    const isUnderWay = await this.#store('readwrite', async (store) => {
      const journal = await promisifyRequest<ImportJournal | undefined>(store.get(['journal', id]));
      if (journal?.importId !== importId) return false;
      change(store);
      await promisifyRequest(store.transaction);
      return true;
    });
    if (!isUnderWay) throw engineError('ModelNotFoundError', `"${id}" was removed while it was being imported.`);
  }

  #write(change: (store: IDBObjectStore) => void): Promise<void> {
    return this.#store('readwrite', (store) => {
      change(store);
      return promisifyRequest(store.transaction);
    });
  }
}

function deleteImport(store: IDBObjectStore, importId: string): void {
  store.delete(['tokenizer', importId]);
  store.delete(everyKeyBelow('chunk', importId));
  store.delete(everyKeyBelow('hash', importId));
}

/** Null for the errors of a browser that has lost a part of what it stored. */
function unreadable(error: unknown): null {
  if (error instanceof DOMException && ['NotFoundError', 'NotReadableError'].includes(error.name)) return null;
  throw error;
}

/** What is damaged, each with its tensor. */
export function damageNames({ chunks, hasBadTokenizer }: Damage): string[] {
  const names = chunks.map(({ tensor, chunk }) => `${tensor.name}, chunk ${chunk.number}`);
  return hasBadTokenizer ? [...names, 'tokenizer'] : names;
}

/** All keys that begin with these parts: an empty array sorts behind every string and number. */
function everyKeyBelow(...parts: string[]): IDBKeyRange {
  return IDBKeyRange.bound(parts, [...parts, []]);
}
