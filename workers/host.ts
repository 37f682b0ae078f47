import { runBenchmark } from './bench/benchmark';
import { engineError } from './errors';
import type {
  BenchmarkProgress,
  BenchmarkRequest,
  ChatMessage,
  Diagnostics,
  EngineApi,
  EngineOptions,
  GeneratedToken,
  GenerateInput,
  LoadRequest,
  Progress,
  SamplingOptions,
} from './protocol';
import { diagnose } from './session/diagnose';
import { loadModel } from './session/loadModel';
import type { Session } from './session/session';
import { DEFAULT_DATABASE, WeightStore } from './storage/weightStore';

/** The worker's side of the contract: holds the loaded models by handle and lets any long call be aborted by its id. */
export class EngineHost implements EngineApi {
  #options: EngineOptions = {};
  #store = new WeightStore(DEFAULT_DATABASE);
  readonly #sessions = new Map<number, Session>();
  readonly #calls = new Map<number, AbortController>();
  #nextHandle = 1;

  async initialize(options: EngineOptions) {
    this.#options = options;
    this.#store = new WeightStore(options.database ?? DEFAULT_DATABASE);
  }

  diagnostics(): Promise<Diagnostics> {
    const [last = null] = [...this.#sessions.values()].slice(-1);
    return diagnose(this.#options, last && last.kernelReports);
  }

  async listModels() {
    return (await this.#store.listManifests()).map((manifest) => manifest.info);
  }

  verifyModel(id: string) {
    return this.#store.verify(id);
  }

  removeModel(id: string) {
    return this.#store.remove(id);
  }

  async load(id: string, request: LoadRequest, callId: number, onProgress: (progress: Progress) => void) {
    return this.#abortable(callId, async (signal) => {
      const session = await loadModel(this.#store, this.#options, id, request, onProgress, signal);
      const handle = this.#nextHandle++;
      this.#sessions.set(handle, session);
      return { handle, info: session.info };
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
  ) {
    // Tokens travel on a channel of their own: the result must not overtake the last of them.
    let delivered: unknown;
    const deliver = (token: GeneratedToken) => {
      delivered = onToken(token);
    };
    const result = await this.#abortable(callId, (signal) =>
      this.#session(handle).generate(input, options, deliver, signal),
    );
    await delivered;
    return result;
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
    const session = this.#sessions.get(handle);
    this.#sessions.delete(handle);
    await session?.dispose();
  }

  async dispose() {
    await Promise.all(Array.from(this.#sessions.keys(), (handle) => this.unload(handle)));
  }

  #session(handle: number): Session {
    const session = this.#sessions.get(handle);
    if (!session) throw engineError('ModelNotFoundError', 'the model was unloaded');
    return session;
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
