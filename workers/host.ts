import { runBenchmark } from './bench/benchmark';
import { engineError } from './errors';
import type { BenchmarkProgress, BenchmarkRequest } from './protocol/benchmark';
import type { ChatMessage } from './protocol/chat';
import type { Diagnostics } from './protocol/diagnostics';
import type { EngineApi, EngineOptions } from './protocol/engine';
import type { GenerateInput, GeneratedToken, SamplingOptions } from './protocol/generation';
import type { UnfinishedImport } from './protocol/importing';
import type { LoadRequest } from './protocol/loading';
import type { PictureProgress } from './protocol/pictures';
import type { Progress } from './protocol/progress';
import { diagnose } from './session/diagnose';
import { inspectPicture } from './session/inspectPicture';
import { loadModel } from './session/loadModel';
import type { Session } from './session/session';
import { heldLocks, importLock, modelLock, takeLock, whileUnloaded } from './storage/locks';
import type { ImportJournal } from './storage/weightStore';
import { DEFAULT_DATABASE, WeightStore } from './storage/weightStore';

interface LoadedModel {
  session: Session;
  /** Lets go of the lock that tells other tabs that the model is loaded. */
  release: () => void;
}

/** The worker's side of the contract: holds the loaded models by handle and lets any long call be aborted by its id. */
export class EngineHost implements EngineApi {
  #options: EngineOptions = {};
  #database = DEFAULT_DATABASE;
  #store = new WeightStore(DEFAULT_DATABASE);
  readonly #sessions = new Map<number, LoadedModel>();
  readonly #calls = new Map<number, AbortController>();
  #nextHandle = 1;

  async initialize(options: EngineOptions) {
    this.#options = options;
    this.#database = options.database ?? DEFAULT_DATABASE;
    this.#store = new WeightStore(this.#database);
  }

  diagnostics(): Promise<Diagnostics> {
    const [last = null] = [...this.#sessions.values()].slice(-1);
    return diagnose(this.#options, last && last.session);
  }

  async listModels() {
    const infos = (await this.#store.listManifests()).map((manifest) => manifest.info);
    return Promise.all(infos.map(async (info) => ({ ...info, lastUsedAt: await this.#store.lastUse(info.id) })));
  }

  verifyModel(id: string, callId: number, onProgress: (progress: Progress) => void) {
    return this.#abortable(callId, (signal) => this.#store.verify(id, onProgress, signal));
  }

  removeModel(id: string) {
    return whileUnloaded(this.#database, id, () => this.#store.remove(id));
  }

  async listImports() {
    const journals = await this.#store.listJournals();
    const lockOf = ({ id }: ImportJournal) => importLock(this.#database, id);
    const held = await heldLocks(journals.map(lockOf));
    return journals.map((journal) => unfinishedImport(journal, held.has(lockOf(journal))));
  }

  async discardImport(id: string) {
    const journal = await this.#store.getJournal(id);
    if (!journal) throw engineError('ModelNotFoundError', `There is no unfinished import of "${id}" in this browser.`);
    await this.#store.discardImport(journal);
  }

  async load(id: string, request: LoadRequest, callId: number, onProgress: (progress: Progress) => void) {
    return this.#abortable(callId, async (signal) => {
      const release = await this.#takeModel(id, request);
      try {
        const session = await loadModel(this.#store, this.#options, id, request, onProgress, signal);
        // A full disk is no reason not to answer.
        await this.#store.noteUse(id).catch(() => undefined);
        const handle = this.#nextHandle++;
        this.#sessions.set(handle, { session, release });
        return { handle, info: { ...session.info, lastUsedAt: Date.now() } };
      } catch (error) {
        release();
        throw error;
      }
    });
  }

  async tokenize(handle: number, text: string, options: { addSpecialTokens?: boolean }) {
    return this.#session(handle).tokenizer.encode(text, options);
  }

  async detokenize(handle: number, tokenIds: number[], options: { skipSpecialTokens?: boolean }) {
    return this.#session(handle).tokenizer.decode(tokenIds, options);
  }

  async applyChatTemplate(handle: number, messages: ChatMessage[], options: Record<string, unknown>) {
    return this.#session(handle).tokenizer.renderChat(messages, options);
  }

  async forward(
    handle: number,
    input: { tokenIds: number[] } | { messages: ChatMessage[] },
    options: { positions?: 'last' | 'all' },
  ) {
    return this.#session(handle).forward(input, options.positions ?? 'last');
  }

  async generate(
    handle: number,
    input: GenerateInput,
    options: SamplingOptions,
    callId: number,
    onToken: (token: GeneratedToken) => void,
    onPictures: (progress: PictureProgress) => void,
  ) {
    // Tokens travel on a channel of their own: the result must not overtake the last of them.
    let delivered: unknown;
    const deliver = (token: GeneratedToken) => {
      delivered = onToken(token);
    };
    const result = await this.#abortable(callId, (signal) =>
      this.#session(handle).generate(input, options, deliver, signal, onPictures),
    );
    await delivered;
    return result;
  }

  async inspectPicture(handle: number, picture: Blob) {
    return inspectPicture(this.#session(handle), picture);
  }

  benchmark(request: BenchmarkRequest, callId: number, onProgress: (progress: BenchmarkProgress) => void) {
    return this.#abortable(callId, (signal) => runBenchmark(this.#options, request, onProgress, signal));
  }

  async abort(callId: number) {
    this.#calls.get(callId)?.abort();
  }

  async stats(handle: number) {
    return this.#session(handle).stats();
  }

  async unload(handle: number) {
    const loaded = this.#sessions.get(handle);
    this.#sessions.delete(handle);
    try {
      await loaded?.session.dispose();
    } finally {
      loaded?.release();
    }
  }

  async dispose() {
    await Promise.all(Array.from(this.#sessions.keys(), (handle) => this.unload(handle)));
  }

  #session(handle: number): Session {
    const loaded = this.#sessions.get(handle);
    if (!loaded) throw engineError('ModelNotFoundError', 'the model was unloaded');
    return loaded.session;
  }

  /** Keeps a model from being deleted, or from being loaded a second time, until the returned function is called. */
  async #takeModel(id: string, { sharing = 'shared' }: LoadRequest): Promise<() => void> {
    const release = await takeLock(modelLock(this.#database, id), sharing);
    if (release) return release;
    throw engineError('ModelInUseError', `"${id}" is loaded already, here or in another tab.`);
  }

  async #abortable<T>(callId: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#calls.set(callId, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#calls.delete(callId);
    }
  }
}

/** What others need not know of a journal is left out. */
function unfinishedImport(journal: ImportJournal, isUnderWay: boolean): UnfinishedImport {
  const { id, name, source, quantization, loadedBytes, totalBytes, storedBytes, updatedAt } = journal;
  return { id, name, source, quantization, loadedBytes, totalBytes, storedBytes, updatedAt, isUnderWay };
}
