import { promisifyRequest } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import type { ChunkEntry, Manifest, TensorEntry, TokenizerRecord } from '../checkpoint/manifest';
import { engineError } from '../errors';
import { openWeightDatabase } from './database';
import { sha256, sha256OfJson } from './hash';

/** The app's own database. */
export const DEFAULT_DATABASE = 'minicpm-weights';

/** What a broken import has finished, so that importing the same source again goes on from there. */
export interface ImportJournal {
  id: string;
  importId: string;
  /** Tells one source, quantization and layout version from another. */
  fingerprint: string;
  /** Tensors whose chunks are all stored. */
  tensors: TensorEntry[];
}

/**
 * Imported models in one IndexedDB object store.
 *
 *   ['manifest', id]              a visible model
 *   ['journal', id]               an import under way, or broken off
 *   ['tokenizer', importId]       its tokenizer
 *   ['chunk', importId, number]   its weights
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

  /**
   * The bytes of one chunk of `manifest`. Throws ModelCorruptError when it is missing or has another length; its hash
   * is only checked by `verify`.
   */
  async getChunk(manifest: Manifest, chunk: ChunkEntry): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#get<Uint8Array<ArrayBuffer>>(['chunk', manifest.importId, chunk.number]);
    if (bytes?.byteLength === chunk.bytes) return bytes;
    const found = bytes ? `has ${bytes.byteLength} bytes instead of ${chunk.bytes}` : 'is missing';
    throw engineError('ModelCorruptError', `Chunk ${chunk.number} of the stored model "${manifest.id}" ${found}.`);
  }

  /** The tokenizer of a model; null where it came without one. Throws ModelCorruptError when it should be there. */
  async getTokenizer(manifest: Manifest): Promise<TokenizerRecord | null> {
    if (manifest.tokenizerHash === null) return null;
    const record = await this.#get<TokenizerRecord>(['tokenizer', manifest.importId]);
    if (record) return record;
    throw engineError('ModelCorruptError', `The tokenizer of the stored model "${manifest.id}" is missing.`);
  }

  /** Re-hashes every chunk and the tokenizer. `badChunks` names what is missing or changed. Throws ModelNotFoundError. */
  async verify(id: string): Promise<{ ok: boolean; badChunks: string[] }> {
    const manifest = await this.getManifest(id);
    const badChunks: string[] = [];
    for (const tensor of manifest.tensors) {
      for (const chunk of tensor.shards.flatMap((shard) => shard.chunks)) {
        const bytes = await this.#get<Uint8Array<ArrayBuffer>>(['chunk', manifest.importId, chunk.number]);
        const isGood = bytes?.byteLength === chunk.bytes && (await sha256(bytes)) === chunk.hash;
        if (!isGood) badChunks.push(`${tensor.name}, chunk ${chunk.number}`);
      }
    }
    if (manifest.tokenizerHash !== null) {
      const record = await this.#get<TokenizerRecord>(['tokenizer', manifest.importId]);
      if (!record || (await sha256OfJson(record)) !== manifest.tokenizerHash) badChunks.push('tokenizer');
    }
    return { ok: badChunks.length === 0, badChunks };
  }

  /** Deletes a model and whatever a broken import of it has left. Throws ModelNotFoundError where there is neither. */
  async remove(id: string): Promise<void> {
    const journal = await this.getJournal(id);
    const manifest = journal ? await this.findManifest(id) : await this.getManifest(id);
    await this.#write((store) => {
      store.delete(['manifest', id]);
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

  /** Writes what an import under way has finished. Throws ModelNotFoundError where it was removed meanwhile. */
  updateJournal(journal: ImportJournal): Promise<void> {
    return this.#writeImport(journal, (store) => store.put(journal, ['journal', journal.id]));
  }

  /** Forgets an import under way and deletes what it has stored. */
  discardImport(journal: ImportJournal): Promise<void> {
    return this.#write((store) => {
      store.delete(['journal', journal.id]);
      deleteImport(store, journal.importId);
    });
  }

  /** Stores a chunk of an import under way. */
  putChunk(importId: string, number: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#write((store) => store.put(bytes, ['chunk', importId, number]));
  }

  /** The numbers of the chunks that an import has stored. */
  async storedChunks(importId: string): Promise<Set<number>> {
    const keys = await this.#store('readonly', (store) =>
      promisifyRequest(store.getAllKeys(everyKeyBelow('chunk', importId))),
    );
    return new Set(keys.map((key) => Number((key as IDBValidKey[])[2])));
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
      store.delete(['journal', manifest.id]);
    });
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
}

/** All keys that begin with these parts: an empty array sorts behind every string and number. */
function everyKeyBelow(...parts: string[]): IDBKeyRange {
  return IDBKeyRange.bound(parts, [...parts, []]);
}
