import { engineError, hasErrorName } from '../../workers/errors';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { EngineOptions } from '../../workers/protocol/engine';
import type { ModelInfo } from '../../workers/protocol/model';
import type { Progress } from '../../workers/protocol/progress';
import type { ModelSource, SourceInfo } from '../../workers/protocol/source';
import type {
  BenchmarkOptions,
  BenchmarkReport,
  ChatCompletionChunk,
  ChatRequest,
  Engine,
  Model,
  PictureInspection,
  RepairOptions,
  VerifyOptions,
} from './api';
import { failureOf, missingTokenizer, otherTab, TAKEN_OVER } from './failure';
import { Foreground, type Activity, type AttemptOptions } from './foreground.svelte';
import { lastingAnswer } from './lastingAnswer';
import { ModelSeat } from './modelSeat';
import { askToKeepModels } from './persistence';
import { beginningOf, ThoughtSplitter, withThoughts } from './thoughts';
import { Transfers } from './transfers.svelte';

export type EngineStatus = 'starting' | 'ready' | 'failed' | Activity;

/** A model that the build brings along, small enough to try the page with. */
export function isDemo(model: ModelInfo): boolean {
  return model.source.kind === 'bundled';
}

/** Keeps the id of the model used last from one visit to the next, and knows the contexts that were chosen for models. */
export interface ModelMemory {
  recall: () => string | null;
  remember: (id: string) => void;
  /** In tokens; undefined where none was chosen. */
  contextLength?: (model: ModelInfo) => number | undefined;
  /** The access token that was given for a site, for what is fetched from it again. */
  tokenFor?: (url: string) => string | undefined;
  /** How long a model took for a part of a picture on what computes; null where it has looked at none yet. */
  secondsPerTile?: (model: ModelInfo, computer: Diagnostics) => number | null;
  noteSecondsPerTile?: (model: ModelInfo, computer: Diagnostics, seconds: number) => void;
}

/** Reactive mirror of the engine, and the only part of it that components know. */
export class EngineState {
  readonly #work = new Foreground();
  /** Imports, which go on beside the loaded model. */
  readonly transfers = new Transfers({
    engine: () => this.#runningEngine(),
    takeIn: (model) => this.#takeIn(model),
    open: (model, isAsked) => this.#openImported(model, isAsked),
    tokenFor: (url) => this.#memory.tokenFor?.(url),
  });
  models = $state.raw<ModelInfo[]>([]);
  /** The model that answers, or null before one is loaded. */
  loaded = $state.raw<ModelInfo | null>(null);
  diagnostics = $state.raw<Diagnostics | null>(null);
  /** While a model whose device was lost is loaded again behind an answer: how far it is. */
  recovery = $state.raw<{ progress: Progress | null } | null>(null);
  /** Computes on the processor, whatever else this device has, until the page is closed. */
  avoidsGpu = $state(false);
  #stage = $state<'starting' | 'ready' | 'failed'>('starting');
  #lastModelId = $state<string | null>(null);

  readonly status: EngineStatus = $derived.by(() => {
    if (this.#stage !== 'ready') return this.#stage;
    return this.#work.activity ?? (this.transfers.centre ? 'importing' : 'ready');
  });
  /** Of what keeps the page busy. */
  readonly progress = $derived((this.#work.activity ? this.#work : this.transfers.centre)?.progress ?? null);
  readonly subject = $derived((this.#work.activity ? this.#work : this.transfers.centre)?.subject ?? null);
  /** How the last load or repair ended, where it did not end well. */
  readonly error = $derived(this.#work.error);
  /** True after a load, a repair or an import was cancelled, until the next one begins. */
  readonly wasCancelled = $derived(this.#work.wasCancelled);

  /** The model used last, if it is still stored. */
  readonly lastModel = $derived(this.models.find(({ id }) => id === this.#lastModelId) ?? null);
  /** True where some model was opened on an earlier visit. */
  readonly wasUsedBefore = $derived(this.#lastModelId !== null);
  readonly isBusy = $derived(['importing', 'loading', 'repairing'].includes(this.status));

  readonly #createEngine: (options?: EngineOptions) => Promise<Engine>;
  readonly #seat: ModelSeat;
  readonly #memory: ModelMemory;
  #engine: Engine | null = null;
  /** Resolves once the engine has started, or cannot. */
  readonly #started: Promise<void>;
  #noteStarted: () => void = () => undefined;
  #model: Model | null = null;

  constructor(
    createEngine: (options?: EngineOptions) => Promise<Engine>,
    memory: ModelMemory,
    seat = new ModelSeat(() => ({ model: this.loaded?.name ?? '', chat: '' })),
  ) {
    this.#createEngine = createEngine;
    this.#seat = seat;
    this.#memory = memory;
    this.#lastModelId = memory.recall();
    this.#started = new Promise((resolve) => (this.#noteStarted = resolve));
  }

  /** Starts the engine, and looks at what is stored and then at the device. */
  async start(): Promise<void> {
    await this.#open();
    this.#noteStarted();
    await this.#lookFirst();
  }

  async #open(): Promise<void> {
    try {
      this.#engine = await this.#newEngine();
      this.models = await this.#engine.listModels();
      await this.transfers.refresh();
      this.#stage = 'ready';
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Some graphics drivers never answer: nothing else waits for it. */
  async #lookFirst(): Promise<void> {
    const engine = this.#engine;
    if (this.#stage !== 'ready' || !engine) return;
    try {
      const diagnostics = await engine.diagnostics();
      if (engine === this.#engine) this.diagnostics = diagnostics;
    } catch (error) {
      // One that was replaced meanwhile ends with its question unanswered.
      if (engine === this.#engine) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#work.error = failureOf(error);
    this.#stage = 'failed';
  }

  /**
   * Imports a model. The first one is shown while it comes, and opened; where a model is loaded, which may be in the midst
   * of an answer, another one comes in the background.
   */
  async importAndLoad(source: ModelSource): Promise<void> {
    // Files may be given sooner than the engine is there.
    if (this.#stage === 'starting') await this.#started;
    if (this.#stage !== 'ready') return;
    const isFirst = this.models.every(isDemo) && this.transfers.list.length === 0;
    // Some browsers ask the person; the small demo is not worth that question.
    if (source.kind !== 'bundled' && isFirst) void askToKeepModels();
    this.dismiss();
    const takesCentre = source.kind === 'bundled' || (!this.loaded && !this.isBusy);
    await this.transfers.start(source, takesCentre);
  }

  /**
   * Opens a stored model in place of the loaded one. A demo that cannot be read any more is imported anew. Where another
   * tab has a model in memory, it ends with OtherTabError, unless it is taken `over` from that tab or opened `beside` it.
   */
  load(id: string, otherTab: 'respected' | 'over' | 'beside' = 'respected'): Promise<void> {
    const model = this.models.find((stored) => stored.id === id);
    const subject = model ? { name: model.name, isDemo: isDemo(model) } : { name: id, isDemo: false };
    const work = async (options: AttemptOptions) => {
      const engine = await this.#runningEngine();
      if (model?.hasTokenizer === false) throw missingTokenizer(id);
      if (otherTab !== 'beside') await this.#takeSeat(otherTab === 'over');
      try {
        await this.#loadInto(engine, id, options);
      } catch (error) {
        if (!model || !isDemo(model) || !hasErrorName(error, 'ModelCorruptError')) throw error;
        this.#work.begin('importing');
        await engine.importModel({ kind: 'bundled', name: model.source.location }, { ...options, id });
        this.#work.begin('loading');
        await this.#loadInto(engine, id, options);
      }
    };
    return this.#work.attempt('loading', subject, (options) => this.#seated(() => work(options)), id);
  }

  /** Makes a damaged model whole again and opens it. Local files are forgotten by the browser, and needed again. */
  repairAndLoad(id: string, files?: File[]): Promise<void> {
    const model = this.models.find((stored) => stored.id === id);
    const source = files && ({ kind: 'files', files } as const);
    const work = async (options: AttemptOptions) => {
      const engine = await this.#runningEngine();
      await this.#takeSeat(false);
      await engine.repairModel(id, { ...options, token: this.#tokenFor(model?.source), ...(source && { source }) });
      this.#work.begin('loading');
      await this.#loadInto(engine, id, options);
    };
    const subject = { name: model?.name ?? id, isDemo: false };
    return this.#work.attempt('repairing', subject, (options) => this.#seated(() => work(options)), id);
  }

  /** Re-hashes a stored model. */
  async verify(id: string, options: VerifyOptions): Promise<{ ok: boolean; badChunks: string[] }> {
    return (await this.#runningEngine()).verifyModel(id, options);
  }

  /** Makes a damaged model whole again, beside whatever else goes on. */
  async repair(id: string, options: RepairOptions): Promise<string[]> {
    const model = this.models.find((stored) => stored.id === id);
    return (await this.#runningEngine()).repairModel(id, { token: this.#tokenFor(model?.source), ...options });
  }

  /** Opens the demo model that comes with the page, importing it where that has not happened yet. */
  openDemo(): Promise<void> {
    const stored = this.models.find(isDemo);
    return stored ? this.load(stored.id) : this.importAndLoad({ kind: 'bundled', name: 'nano' });
  }

  /** Repeats the load or repair that failed last. */
  retry(): Promise<void> {
    return this.#work.retry();
  }

  /** Stops the load or repair at once. */
  cancel(): void {
    this.#work.cancel();
  }

  /** Stops the import in the centre of the page and deletes what it has stored. */
  async cancelImport(): Promise<void> {
    this.#work.wasCancelled = true;
    if (this.transfers.centre) await this.transfers.discard(this.transfers.centre);
  }

  /** Deletes a stored model; the loaded one is closed first. */
  async remove(id: string): Promise<void> {
    try {
      if (this.loaded?.id === id) await this.#unload();
      await (await this.#runningEngine()).removeModel(id);
      if (this.error?.modelId === id) this.dismiss();
    } catch (error) {
      this.#work.error = failureOf(error, id);
    }
    await this.lookAtStorage();
  }

  /** What is stored, which other tabs may have changed, and how much room is left. */
  async lookAtStorage(): Promise<void> {
    const engine = await this.#runningEngine();
    this.models = await engine.listModels();
    await this.transfers.refresh();
    await this.lookAtDevice();
  }

  /** Looks at the device again: which kernels compute is known once a model is open, and room changes. */
  async lookAtDevice(): Promise<void> {
    if (this.#stage !== 'ready') return;
    const engine = await this.#runningEngine();
    const diagnostics = await engine.diagnostics().catch(() => null);
    if (diagnostics && engine === this.#engine) this.diagnostics = diagnostics;
  }

  /**
   * Streams the answer to a conversation from the loaded model, what it thinks apart. Aborting the signal ends the answer.
   * Where the device is lost meanwhile, or was lost before, the model is loaded again and the answer goes on: see `recovery`.
   */
  async answer(request: Omit<ChatRequest, 'stream'>): Promise<AsyncIterable<ChatCompletionChunk>> {
    if (!this.loaded) throw new Error('no model is loaded');
    const splitter = new ThoughtSplitter(beginningOf(request, this.loaded.thinking));
    const begin = async (from: Omit<ChatRequest, 'stream'>) => {
      if (!this.#model) throw engineError('DeviceLostError', 'the model could not be loaded again');
      return this.#model.chat.completions.create({ ...from, stream: true });
    };
    const chunks = await lastingAnswer(request, begin, (signal) => this.#recover(signal));
    return withThoughts(this.#noteLooking(this.loaded, chunks), splitter);
  }

  /** Computes on the processor from here on, where a graphics driver takes the page down. */
  async avoidGpu(avoids: boolean): Promise<void> {
    this.avoidsGpu = avoids;
    await this.#unload();
    const engine = this.#engine;
    this.#engine = await this.#newEngine();
    await engine?.dispose().catch(() => undefined);
    this.diagnostics = await this.#engine.diagnostics();
  }

  /** What the loaded model would make of a picture file; what it would take is known from earlier visits, too. */
  async inspectPicture(picture: Blob): Promise<PictureInspection> {
    if (!this.#model) throw new Error('no model is loaded');
    const { info } = this.#model;
    const inspection = await this.#model.inspectPicture(picture);
    const known = this.diagnostics && this.#memory.secondsPerTile?.(info, this.diagnostics);
    return { ...inspection, secondsPerTile: inspection.secondsPerTile ?? known ?? null };
  }

  /** Measures this device. Aborting the signal ends it with what was measured until then. */
  async benchmark(options: BenchmarkOptions): Promise<BenchmarkReport> {
    return (await this.#runningEngine()).benchmark(options);
  }

  /** Takes the word about the last load, repair or cancelled import off the page. */
  dismiss(): void {
    this.#work.dismiss();
  }

  /** The engine, or a new one where it has crashed. */
  async #runningEngine(): Promise<Engine> {
    if (!this.#engine) throw new Error('the engine has not started');
    if (this.#engine.isClosed) this.#engine = await this.#newEngine();
    return this.#engine;
  }

  #newEngine(): Promise<Engine> {
    return this.avoidsGpu ? this.#createEngine({ backend: 'cpu' }) : this.#createEngine();
  }

  /** Passes on an answer, and remembers how long `model` took to look at what pictures it had to look at. */
  async *#noteLooking(model: ModelInfo, chunks: AsyncIterable<ChatCompletionChunk>) {
    for await (const chunk of chunks) {
      const { encoded_tiles = 0, encode_seconds = 0 } = chunk.usage?.pictures ?? {};
      if (encoded_tiles > 0 && this.diagnostics)
        this.#memory.noteSecondsPerTile?.(model, this.diagnostics, encode_seconds / encoded_tiles);
      yield chunk;
    }
  }

  #tokenFor(source: SourceInfo | undefined): string | undefined {
    return source?.hub && this.#memory.tokenFor?.(source.hub.url);
  }

  async #takeIn({ id, hasTokenizer }: ModelInfo): Promise<void> {
    if (!hasTokenizer) await (await this.#runningEngine()).removeModel(id);
    await this.lookAtStorage();
    if (!hasTokenizer) throw missingTokenizer(id);
  }

  /** Nobody's conversation is interrupted by a model that has arrived; the demo comes at once, to who has asked for it. */
  #openImported(model: ModelInfo, isAsked: boolean): Promise<void> | null {
    const isInTheWay = this.#work.activity !== null || (this.loaded !== null && !isDemo(model) && !isAsked);
    return isInTheWay ? null : this.load(model.id);
  }

  async #loadInto(engine: Engine, id: string, options: AttemptOptions): Promise<void> {
    this.loaded = null;
    await this.#discardModel();
    this.#model = await this.#loaded(engine, id, options);
    this.loaded = this.#model.info;
    this.#lastModelId = id;
    this.#memory.remember(id);
  }

  #loaded(engine: Engine, id: string, options: AttemptOptions): Promise<Model> {
    const stored = this.models.find((model) => model.id === id);
    const contextLength = stored && this.#memory.contextLength?.(stored);
    return engine.load(id, contextLength === undefined ? options : { ...options, contextLength });
  }

  /** Loads the model whose device, or worker, is gone once more. Throws AbortError where something else is loaded meanwhile. */
  async #recover(signal = new AbortController().signal): Promise<void> {
    const lost = this.loaded;
    if (!lost) throw engineError('AbortError', 'the model was closed');
    this.recovery = { progress: null };
    try {
      await this.#discardModel();
      const onProgress = (progress: Progress) => (this.recovery = { progress });
      const model = await this.#loaded(await this.#runningEngine(), lost.id, { signal, onProgress });
      if (this.loaded?.id === lost.id && !this.#model && !signal.aborted) {
        this.#model = model;
        return;
      }
      await model.unload();
      throw engineError('AbortError', 'another model is loaded');
    } finally {
      this.recovery = null;
    }
  }

  /** Who has no model in the end has no use for the seat. */
  async #seated(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } finally {
      if (!this.loaded) this.#seat.leave();
    }
  }

  async #takeSeat(isForced: boolean): Promise<void> {
    const isTaken = await this.#seat.take(isForced, () => this.#leaveSeat());
    if (!isTaken) throw otherTab(await this.#seat.holder());
  }

  /** Another tab has taken the model over. */
  async #leaveSeat(): Promise<void> {
    const modelId = this.loaded?.id;
    this.cancel();
    await this.#unload();
    this.#work.error = { name: TAKEN_OVER, detail: '', ...(modelId !== undefined && { modelId }) };
  }

  async #unload(): Promise<void> {
    this.loaded = null;
    await this.#discardModel();
    this.#seat.leave();
  }

  async #discardModel(): Promise<void> {
    const model = this.#model;
    this.#model = null;
    // A model on a lost device cannot be unloaded, and need not be.
    await model?.unload().catch(() => undefined);
  }
}
