import { hasErrorName } from '../../workers/errors';
import type { Diagnostics, ModelInfo, ModelSource, Progress } from '../../workers/protocol';
import type { BenchmarkOptions, BenchmarkReport, ChatCompletionChunk, ChatRequest, Engine, Model } from './api';
import { askToKeepModels } from './persistence';
import { subjectOf, type Subject } from './subject';

export type EngineStatus = 'starting' | 'ready' | 'importing' | 'loading' | 'failed';

/** An error as the page shows it: `name` picks the sentence, `detail` is the small print. */
export interface Failure {
  name: string;
  detail: string;
  /** The stored model it is about, where there is one. */
  modelId?: string;
}

export function failureOf(error: unknown, modelId?: string): Failure {
  const failure =
    error instanceof Error ? { name: error.name, detail: error.message } : { name: '', detail: String(error) };
  return modelId === undefined ? failure : { ...failure, modelId };
}

/** The name of the page's own error: models that take token ids only are of no use in a conversation. */
export const MISSING_TOKENIZER = 'MissingTokenizerError';

function missingTokenizer(id: string): Error {
  return Object.assign(new Error(`"${id}" has no tokenizer`), { name: MISSING_TOKENIZER });
}

/** A model that the build brings along, small enough to try the page with. */
export function isDemo(model: ModelInfo): boolean {
  return model.source.kind === 'bundled';
}

/** Keeps the id of the model used last from one visit to the next. */
export interface ModelMemory {
  recall: () => string | null;
  remember: (id: string) => void;
}

/** Reactive mirror of the engine, and the only part of it that components know. */
export class EngineState {
  status = $state<EngineStatus>('starting');
  progress = $state.raw<Progress | null>(null);
  /** What is being imported or loaded. */
  subject = $state.raw<Subject | null>(null);
  models = $state.raw<ModelInfo[]>([]);
  /** The model that answers, or null before one is loaded. */
  loaded = $state.raw<ModelInfo | null>(null);
  diagnostics = $state.raw<Diagnostics | null>(null);
  error = $state.raw<Failure | null>(null);
  /** True after an import or a load was cancelled, until the next one begins. */
  wasCancelled = $state(false);
  #lastModelId = $state<string | null>(null);

  /** The model used last, if it is still stored. */
  readonly lastModel = $derived(this.models.find(({ id }) => id === this.#lastModelId) ?? null);
  /** True where some model was opened on an earlier visit. */
  readonly wasUsedBefore = $derived(this.#lastModelId !== null);
  readonly isBusy = $derived(this.status === 'importing' || this.status === 'loading');

  readonly #createEngine: () => Promise<Engine>;
  readonly #memory: ModelMemory;
  #engine: Engine | null = null;
  #model: Model | null = null;
  #abort: AbortController | null = null;
  #lastAttempt: (() => Promise<void>) | null = null;

  constructor(createEngine: () => Promise<Engine>, memory: ModelMemory) {
    this.#createEngine = createEngine;
    this.#memory = memory;
    this.#lastModelId = memory.recall();
  }

  /** Starts the engine and looks at the device and at what is stored. */
  async start(): Promise<void> {
    try {
      this.#engine = await this.#createEngine();
      this.models = await this.#engine.listModels();
      this.status = 'ready';
      this.diagnostics = await this.#engine.diagnostics();
    } catch (error) {
      this.error = failureOf(error);
      this.status = 'failed';
    }
  }

  /** Imports a model and opens it. */
  importAndLoad(source: ModelSource): Promise<void> {
    // Some browsers ask the person; the small demo is not worth that question.
    if (source.kind !== 'bundled') void askToKeepModels();
    return this.#attempt('importing', subjectOf(source), (engine, options) =>
      this.#importInto(engine, source, options),
    );
  }

  /** Opens a stored model in place of the loaded one. A demo that cannot be read any more is imported anew. */
  load(id: string): Promise<void> {
    const model = this.models.find((stored) => stored.id === id);
    const subject = model ? { name: model.name, isDemo: isDemo(model) } : { name: id, isDemo: false };
    const work = async (engine: Engine, options: AttemptOptions) => {
      if (model?.hasTokenizer === false) throw missingTokenizer(id);
      try {
        await this.#loadInto(engine, id, options);
      } catch (error) {
        if (!model || !isDemo(model) || !hasErrorName(error, 'ModelCorruptError')) throw error;
        await this.#importInto(engine, { kind: 'bundled', name: model.source.location }, { ...options, id });
      }
    };
    return this.#attempt('loading', subject, work, id);
  }

  /** Opens the demo model that comes with the page, importing it where that has not happened yet. */
  openDemo(): Promise<void> {
    const stored = this.models.find(isDemo);
    return stored ? this.load(stored.id) : this.importAndLoad({ kind: 'bundled', name: 'nano' });
  }

  /** Repeats the import or load that failed last. */
  async retry(): Promise<void> {
    await this.#lastAttempt?.();
  }

  /** Stops the import or load at once. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** Deletes a stored model; the loaded one is closed first. */
  async remove(id: string): Promise<void> {
    const engine = this.#engine;
    if (!engine) return;
    try {
      if (this.loaded?.id === id) await this.#unload();
      await engine.removeModel(id);
      if (this.error?.modelId === id) this.error = null;
    } catch (error) {
      this.error = failureOf(error, id);
    }
    await this.#lookAtStorage(engine);
  }

  /** Streams the answer to a conversation from the loaded model. Aborting the signal ends the answer. */
  async answer(request: Omit<ChatRequest, 'stream'>): Promise<AsyncIterable<ChatCompletionChunk>> {
    if (!this.#model) throw new Error('no model is loaded');
    return this.#model.chat.completions.create({ ...request, stream: true });
  }

  /** Measures this device. Aborting the signal ends it with what was measured until then. */
  async benchmark(options: BenchmarkOptions): Promise<BenchmarkReport> {
    if (!this.#engine) throw new Error('the engine has not started');
    const engine = await this.#runningEngine(this.#engine);
    return engine.benchmark(options);
  }

  /** Takes the word about the last import or load off the page. */
  dismiss(): void {
    this.error = null;
    this.wasCancelled = false;
  }

  async #attempt(
    status: 'importing' | 'loading',
    subject: Subject,
    work: (engine: Engine, options: AttemptOptions) => Promise<void>,
    modelId?: string,
  ): Promise<void> {
    const engine = this.#engine;
    if (!engine || this.isBusy) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#lastAttempt = () => this.#attempt(status, subject, work, modelId);
    this.error = null;
    this.wasCancelled = false;
    this.progress = null;
    this.subject = subject;
    this.status = status;
    try {
      await work(await this.#runningEngine(engine), {
        signal: abort.signal,
        onProgress: (progress) => (this.progress = progress),
      });
    } catch (error) {
      if (abort.signal.aborted) this.wasCancelled = true;
      else this.error = failureOf(error, modelId);
    } finally {
      this.status = 'ready';
    }
  }

  /** The engine, or a new one where it has crashed. */
  async #runningEngine(engine: Engine): Promise<Engine> {
    if (!engine.isClosed) return engine;
    this.#engine = await this.#createEngine();
    return this.#engine;
  }

  async #importInto(engine: Engine, source: ModelSource, options: AttemptOptions & { id?: string }): Promise<void> {
    this.status = 'importing';
    this.progress = null;
    const info = await engine.importModel(source, options);
    if (!info.hasTokenizer) await engine.removeModel(info.id);
    await this.#lookAtStorage(engine);
    if (!info.hasTokenizer) throw missingTokenizer(info.id);
    this.status = 'loading';
    this.progress = null;
    this.subject = { name: info.name, isDemo: isDemo(info) };
    await this.#loadInto(engine, info.id, options);
  }

  /** What is stored, and how much room is left. */
  async #lookAtStorage(engine: Engine): Promise<void> {
    this.models = await engine.listModels();
    this.diagnostics = await engine.diagnostics().catch(() => this.diagnostics);
  }

  async #loadInto(engine: Engine, id: string, options: AttemptOptions): Promise<void> {
    await this.#unload();
    this.#model = await engine.load(id, options);
    this.loaded = this.#model.info;
    this.#lastModelId = id;
    this.#memory.remember(id);
  }

  async #unload(): Promise<void> {
    const model = this.#model;
    this.#model = null;
    this.loaded = null;
    // A model on a lost device cannot be unloaded, and need not be.
    await model?.unload().catch(() => undefined);
  }
}

interface AttemptOptions {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}
