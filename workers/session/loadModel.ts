import { MANIFEST_VERSION, type Manifest, type TensorEntry, type TokenizerRecord } from '../checkpoint/manifest';
import { rotaryDim, type ModelConfig } from '../checkpoint/modelConfig';
import { engineError, hasErrorName } from '../errors';
import { languageModelWeights } from '../model/weights';
import { ropeTable } from '../model/ropeTable';
import { isVisionTensor } from '../checkpoint/visionTensors';
import type { VisionConfig } from '../checkpoint/visionConfig';
import { keepsEyes } from '../memory/eyesMemory';
import { kvCacheBytes } from '../memory/kvCacheBytes';
import { kvCacheFormat } from '../memory/kvCacheFormat';
import {
  convolutionStateFloats,
  deltaChannels,
  deltaStateFloats,
  type RecurrentSizes,
} from '../memory/recurrentStateBytes';
import type { Backend } from '../ops/backend';
import type { LayerCache, LayerMemory, Matrix, RecurrentState, Vector } from '../ops/graph';
import { kernelWorkload } from '../ops/kernelWorkload';
import type { EngineOptions } from '../protocol/engine';
import type { KernelReasonCode, KernelReport } from '../protocol/kernels';
import type { KvCacheFormat, LoadRequest } from '../protocol/loading';
import type { Progress } from '../protocol/progress';
import { release } from '../storage/release';
import type { WeightStore } from '../storage/weightStore';
import { thinkingOf } from '../tokenizer/thinking';
import { Tokenizer } from '../tokenizer/tokenizer';
import { createBackend, rememberPlainKernels } from './createBackend';
import { inMode } from './downsampling';
import type { EyesSource } from './encoderOnDemand';
import { eyesOf, type Eyes } from './eyes';
import { eyesDevice } from './eyesDevice';
import { Session, type SessionParts } from './session';

/** A page that did not ask gets room for a long conversation without the cache outweighing the model. */
const DEFAULT_CONTEXT_LENGTH = 4096;

/**
 * Storage → device: streams a stored model chunk by chunk into device buffers and returns a session ready to generate.
 * Throws ModelNotFoundError, ModelCorruptError, OutOfMemoryError, UnsupportedError, DeviceLostError or AbortError.
 */
export async function loadModel(
  store: WeightStore,
  options: EngineOptions,
  id: string,
  request: LoadRequest,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Session> {
  const stored = await store.getManifest(id);
  if (stored.version !== MANIFEST_VERSION) {
    throw engineError('ModelCorruptError', `"${id}" was stored by another version of this app; import it again`);
  }
  const manifest = inMode(stored, request);
  const tokenizerRecord = await store.getTokenizer(manifest);
  const workload = kernelWorkload(manifest.tensors);
  // Before any weight is copied, which would falsify the timings of kernels.
  const backend = await createBackend(options, workload);
  const fallsBack = (options.kernels ?? 'auto') === 'auto';
  let isCompiled = false;
  const attempt = { ...request, fallsBack, onCompiled: () => (isCompiled = true) };
  try {
    return await loadOnto(backend, store, manifest, tokenizerRecord, attempt, onProgress, signal);
  } catch (error) {
    backend.destroy();
    const fault = fallsBack ? kernelFault(error, backend.kernelReports, isCompiled) : null;
    if (!fault) throw error;
    const session = await loadModel(store, { ...options, kernels: 'f32' }, id, request, onProgress, signal);
    // Not remembered, it is found out again.
    await rememberPlainKernels(options, workload, fault).catch(() => undefined);
    return session;
  }
}

/** Why a load that failed may succeed with plain kernels, which serve everywhere; null where it would not. */
function kernelFault(error: unknown, reports: readonly KernelReport[], isCompiled: boolean): KernelReasonCode | null {
  // A driver may refuse a kernel in the sizes of this model that passed its trial, or crash over it.
  const isPlain = reports.every(({ state, variant }) => state !== 'active' || variant === 'f32');
  if (!isPlain && hasErrorName(error, 'UnsupportedError')) return 'too-large';
  // Or over one that it goes on compiling, though its trial was given up. Other losses are chance: a machine that sleeps.
  const isTrialLate = reports.some(({ lateTrials }) => lateTrials !== undefined);
  const mayBeOverKernels = (!isPlain && !isCompiled) || isTrialLate;
  return mayBeOverKernels && hasErrorName(error, 'DeviceLostError') ? 'device-lost' : null;
}

interface LoadAttempt extends LoadRequest, Pick<EyesSource, 'fallsBack'> {
  /** Every program is compiled; weights may still be on their way. */
  onCompiled: () => void;
}

/** Programs need to know where weights will lie, not what they are: they compile while the weights stream in. */
async function loadOnto(
  backend: Backend,
  store: WeightStore,
  manifest: Manifest,
  tokenizerRecord: TokenizerRecord | null,
  request: LoadAttempt,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Session> {
  // Read from the template itself: not every manifest has it.
  const info = { ...manifest.info, thinking: tokenizerRecord && thinkingOf(tokenizerRecord) };
  const isReleased = releasesEyes(manifest, request);
  const buffers = createTensors(backend, manifest, ({ name }) => !isReleased || !isVisionTensor(name));
  const { vision } = manifest.config;
  const eyes = vision
    ? isReleased
      ? releasedEyes(store, manifest, vision)
      : keptEyes(manifest, vision, namedTensors(buffers))
    : null;
  const { fallsBack, onCompiled } = request;
  const parts = { ...createParts(backend, manifest, buffers, request), eyes: eyes && { ...eyes, fallsBack } };
  const tokenizer = tokenizerRecord && new Tokenizer(tokenizerRecord);
  const compileFailure = new AbortController();
  const compiling = Session.create({ backend, info, tokenizer, ...parts });
  compiling.then(onCompiled, () => compileFailure.abort());
  const uploadingSignal = AbortSignal.any([signal, compileFailure.signal]);
  const uploading = upload(store, backend, manifest, buffers, onProgress, () => throwIfAborted(uploadingSignal));
  // Neither is left behind running on a backend that is destroyed; of two failures, the compiler's caused the other.
  const [compiled, uploaded] = await Promise.allSettled([
    compiling,
    uploading.then((loadedBytes) => {
      onProgress({ phase: 'compiling', loadedBytes, totalBytes: loadedBytes });
    }),
  ]);
  if (compiled.status === 'rejected') throw compiled.reason;
  if (uploaded.status === 'rejected') throw uploaded.reason;
  throwIfAborted(signal);
  return compiled.value;
}

/** The model, its rope table and an empty cache in the memory of `backend`; of the weights, the places. */
function createParts(
  backend: Backend,
  manifest: Manifest,
  buffers: ReadonlyMap<TensorEntry, Matrix['shards']>,
  request: LoadRequest,
): Pick<SessionParts, 'model' | 'memory' | 'contextLength'> {
  const { config } = manifest;
  const contextLength = contextLengthFor(manifest, request);
  const tensors = namedTensors(buffers);
  const rotating = rotaryDim(config);
  const rope = backend.createBuffer('rope', contextLength * rotating * 4);
  backend.write(rope, 0, asBytes(ropeTable(config.rope, rotating, contextLength)));
  const matrix = (name: string) => found(tensors.matrices, name);
  const vector = (name: string) => found(tensors.vectors, name);
  const table = { positions: contextLength, headDim: rotating, buffer: rope };
  const weights = languageModelWeights(config, table, matrix, vector);
  const { kvCache = 'auto' } = request;
  const format = kvCache === 'auto' ? kvCacheFormat(manifest, contextLength, backend.mostBufferBytes) : kvCache;
  const memory = createLayerMemory(backend, config, contextLength, format);
  return { model: { config, weights }, memory, contextLength };
}

function releasesEyes({ tensors }: Manifest, { eyes = 'auto' }: LoadRequest): boolean {
  const shards = tensors.filter(({ name }) => isVisionTensor(name)).flatMap((tensor) => tensor.shards);
  const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
  return eyes === 'auto' ? !keepsEyes(bytes, eyesDevice()) : eyes === 'release';
}

type OpenEyes = Omit<EyesSource, 'fallsBack'>;

/** Eyes whose weights are loaded with the others. */
function keptEyes({ config }: Manifest, vision: VisionConfig, tensors: NamedTensors): OpenEyes {
  const eyes = namedEyes(vision, config.hiddenSize, tensors);
  return { config: vision, width: config.hiddenSize, isReleased: false, open: () => Promise.resolve(eyes) };
}

/** Eyes whose weights come from storage each time they are opened. The model cannot be removed while it is loaded. */
function releasedEyes(store: WeightStore, manifest: Manifest, vision: VisionConfig): OpenEyes {
  const { hiddenSize } = manifest.config;
  const open = async (backend: Backend, throwIfStopped: () => void) => {
    const buffers = createTensors(backend, manifest, ({ name }) => isVisionTensor(name));
    // Room for all of them is asked for before the first is read.
    await backend.flush();
    await upload(store, backend, manifest, buffers, () => undefined, throwIfStopped);
    return namedEyes(vision, hiddenSize, namedTensors(buffers));
  };
  return { config: vision, width: hiddenSize, isReleased: true, open };
}

function namedEyes(config: VisionConfig, width: number, tensors: NamedTensors): Eyes {
  const matrix = (name: string) => found(tensors.matrices, name);
  const vector = (name: string) => found(tensors.vectors, name);
  return eyesOf(config, width, matrix, vector);
}

function createTensors(backend: Backend, { tensors }: Manifest, isWanted: (tensor: TensorEntry) => boolean) {
  return new Map(tensors.filter(isWanted).map((tensor) => [tensor, createShards(backend, tensor)]));
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw engineError('AbortError', 'loading was cancelled');
}

function createShards(backend: Backend, { name, shards }: TensorEntry): Matrix['shards'] {
  return shards.map(({ rowStart, rows, bytes }) => ({ rowStart, rows, buffer: backend.createBuffer(name, bytes) }));
}

/** Streams the stored chunks into their buffers. Returns how many bytes they are. */
async function upload(
  store: WeightStore,
  backend: Backend,
  manifest: Manifest,
  buffers: ReadonlyMap<TensorEntry, Matrix['shards']>,
  onProgress: (progress: Progress) => void,
  throwIfStopped: () => void,
): Promise<number> {
  const started = performance.now();
  let loadedBytes = 0;
  let unflushedBytes = 0;
  let draining = Promise.resolve();
  const places = chunkPlaces(buffers);
  const totalBytes = places.reduce((sum, { chunk }) => sum + chunk.bytes, 0);
  const reading: Promise<Uint8Array<ArrayBuffer>>[] = [];
  for (const [i, { buffer, offset }] of places.entries()) {
    throwIfStopped();
    for (const { chunk } of places.slice(i + reading.length, i + CHUNKS_AHEAD)) {
      const bytes = store.getChunk(manifest, chunk);
      // The `await` of it reports a failure; until then it must not count as unhandled.
      bytes.catch(() => undefined);
      reading.push(bytes);
    }
    const bytes = await reading.shift()!;
    backend.write(buffer, offset, bytes);
    loadedBytes += bytes.byteLength;
    unflushedBytes += bytes.byteLength;
    release(bytes);
    // Queued writes are copies held by the GPU process: the last lot drains while the next is queued, and no more pile up.
    if (unflushedBytes >= MAX_UNFLUSHED_BYTES) {
      await draining;
      draining = backend.flush();
      // The `await` of it reports a failure; until then it must not count as unhandled.
      draining.catch(() => undefined);
      unflushedBytes = 0;
    }
    const etaSeconds = (((performance.now() - started) / 1000) * (totalBytes - loadedBytes)) / loadedBytes;
    onProgress({ phase: 'loading', loadedBytes, totalBytes, etaSeconds });
  }
  await draining;
  await backend.flush();
  return totalBytes;
}

/** All chunks in the order in which they are stored, each with its place on the device. */
function chunkPlaces(buffers: ReadonlyMap<TensorEntry, Matrix['shards']>) {
  return Array.from(buffers).flatMap(([tensor, shards]) =>
    tensor.shards.flatMap(({ chunks }, i) => {
      let end = 0;
      return chunks.map((chunk) => {
        end += chunk.bytes;
        return { chunk, buffer: shards[i]!.buffer, offset: end - chunk.bytes };
      });
    }),
  );
}

const MAX_UNFLUSHED_BYTES = 32 * 1024 * 1024;

/** One is hashed while the next is read. */
const CHUNKS_AHEAD = 2;

interface NamedTensors {
  matrices: Map<string, Matrix>;
  vectors: Map<string, Vector>;
}

function namedTensors(buffers: ReadonlyMap<TensorEntry, Matrix['shards']>): NamedTensors {
  const named: NamedTensors = { matrices: new Map(), vectors: new Map() };
  for (const [{ name, shape, format }, shards] of buffers) {
    const [rows, columns] = shape;
    if (columns === undefined) named.vectors.set(name, { length: rows, buffer: shards[0]!.buffer });
    else named.matrices.set(name, { format, rows, columns, shards });
  }
  return named;
}

function found<T>(tensors: Map<string, T>, name: string): T {
  const tensor = tensors.get(name);
  if (!tensor) throw engineError('ModelCorruptError', `the stored model has no tensor ${name}`);
  return tensor;
}

function contextLengthFor({ config }: Manifest, { contextLength }: LoadRequest): number {
  if (contextLength === undefined) return Math.min(config.maxPositions, DEFAULT_CONTEXT_LENGTH);
  if (!Number.isInteger(contextLength) || contextLength < 1)
    throw new RangeError('contextLength must be a positive integer');
  return Math.min(config.maxPositions, contextLength);
}

/** What each layer keeps, still empty: a cache with room for `capacity` tokens, or a recurrent state. */
export function createLayerMemory(
  backend: Backend,
  config: ModelConfig,
  capacity: number,
  format: KvCacheFormat,
): LayerMemory[] {
  const { hybrid } = config;
  return Array.from({ length: config.numLayers }, (_, layer) =>
    hybrid?.layerKinds[layer] === 'delta-net'
      ? createRecurrentState(backend, hybrid.delta, layer)
      : createKvCache(backend, config, capacity, format, layer),
  );
}

function createKvCache(
  backend: Backend,
  { numKvHeads, headDim }: ModelConfig,
  capacity: number,
  format: KvCacheFormat,
  layer: number,
): LayerCache {
  const bytes = kvCacheBytes(format, numKvHeads, capacity, headDim);
  return {
    format,
    capacity,
    numKvHeads,
    headDim,
    keys: backend.createBuffer(`layers.${layer}.keys`, bytes),
    values: backend.createBuffer(`layers.${layer}.values`, bytes),
  };
}

function createRecurrentState(backend: Backend, delta: RecurrentSizes, layer: number): RecurrentState {
  const channels = deltaChannels(delta);
  return {
    ...delta,
    memory: backend.createBuffer(`layers.${layer}.memory`, 4 * deltaStateFloats(delta)),
    recent: backend.createBuffer(`layers.${layer}.recent`, 4 * convolutionStateFloats({ channels, taps: delta.taps })),
  };
}

function asBytes(array: Float32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
