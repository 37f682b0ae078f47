import { MANIFEST_VERSION, type Manifest, type TensorEntry } from '../checkpoint/manifest';
import { engineError } from '../errors';
import { languageModelWeights } from '../model/weights';
import { ropeTable } from '../model/ropeTable';
import type { Backend } from '../ops/backend';
import { kvCacheBytes } from '../ops/kvCacheLayout';
import type { LayerCache, Matrix, Vector } from '../ops/graph';
import type { EngineOptions, KvCacheFormat, LoadRequest, Progress } from '../protocol';
import type { WeightStore } from '../storage/weightStore';
import { Tokenizer } from '../tokenizer/tokenizer';
import { createBackend } from './createBackend';
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
  const manifest = await store.getManifest(id);
  if (manifest.version !== MANIFEST_VERSION) {
    throw engineError('ModelCorruptError', `"${id}" was stored by another version of this app; import it again`);
  }
  const tokenizerRecord = await store.getTokenizer(manifest);
  const backend = await createBackend(options);
  try {
    const model = await loadOnto(backend, store, manifest, request, onProgress, signal);
    onProgress({ phase: 'compiling', loadedBytes: manifest.info.bytes, totalBytes: manifest.info.bytes });
    const tokenizer = tokenizerRecord && new Tokenizer(tokenizerRecord);
    const session = await Session.create({ backend, info: manifest.info, tokenizer, ...model });
    throwIfAborted(signal);
    return session;
  } catch (error) {
    backend.destroy();
    throw error;
  }
}

/** Weights, rope table and an empty cache in the memory of `backend`. */
async function loadOnto(
  backend: Backend,
  store: WeightStore,
  manifest: Manifest,
  request: LoadRequest,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Pick<SessionParts, 'model' | 'cache' | 'contextLength'>> {
  const { config } = manifest;
  const contextLength = contextLengthFor(manifest, request);
  const tensors = await loadTensors(store, backend, manifest, onProgress, signal);
  const rope = backend.createBuffer('rope', contextLength * config.headDim * 4);
  backend.write(rope, 0, asBytes(ropeTable(config.rope, config.headDim, contextLength)));
  const weights = languageModelWeights(
    config,
    { positions: contextLength, headDim: config.headDim, buffer: rope },
    (name) => found(tensors.matrices, name),
    (name) => found(tensors.vectors, name),
  );
  const cache = createKvCache(backend, manifest, contextLength, kvCacheFormat(manifest, request));
  return { model: { config, weights }, cache, contextLength };
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw engineError('AbortError', 'loading was cancelled');
}

interface LoadedTensors {
  matrices: Map<string, Matrix>;
  vectors: Map<string, Vector>;
}

async function loadTensors(
  store: WeightStore,
  backend: Backend,
  manifest: Manifest,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<LoadedTensors> {
  const loaded: LoadedTensors = { matrices: new Map(), vectors: new Map() };
  const totalBytes = manifest.info.bytes;
  const started = performance.now();
  let loadedBytes = 0;
  let unflushedBytes = 0;
  for (const tensor of manifest.tensors) {
    const shards = [];
    for (const shard of tensor.shards) {
      const buffer = backend.createBuffer(tensor.name, shard.bytes);
      let offset = 0;
      for (const chunk of shard.chunks) {
        throwIfAborted(signal);
        const bytes = await store.getChunk(manifest, chunk);
        backend.write(buffer, offset, bytes);
        offset += bytes.byteLength;
        loadedBytes += bytes.byteLength;
        unflushedBytes += bytes.byteLength;
        // Queued writes are copies held by the GPU process: let them drain before they pile up.
        if (unflushedBytes >= MAX_UNFLUSHED_BYTES) {
          await backend.flush();
          unflushedBytes = 0;
        }
        const etaSeconds = (((performance.now() - started) / 1000) * (totalBytes - loadedBytes)) / loadedBytes;
        onProgress({ phase: 'loading', loadedBytes, totalBytes, etaSeconds });
      }
      shards.push({ rowStart: shard.rowStart, rows: shard.rows, buffer });
    }
    addTensor(loaded, tensor, shards);
  }
  await backend.flush();
  return loaded;
}

const MAX_UNFLUSHED_BYTES = 64 * 1024 * 1024;

function addTensor(loaded: LoadedTensors, tensor: TensorEntry, shards: Matrix['shards']) {
  const [rows, columns] = tensor.shape;
  if (columns === undefined) loaded.vectors.set(tensor.name, { length: rows, buffer: shards[0]!.buffer });
  else loaded.matrices.set(tensor.name, { format: tensor.format, rows, columns, shards });
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

/** An evaluation in f32 keeps an f32 cache; everything else takes f16, whose error is far below that of int4 weights. */
function kvCacheFormat(manifest: Manifest, { kvCache = 'auto' }: LoadRequest): KvCacheFormat {
  if (kvCache !== 'auto') return kvCache;
  return manifest.info.quantization === 'f32' ? 'f32' : 'f16';
}

function createKvCache(backend: Backend, { config }: Manifest, capacity: number, format: KvCacheFormat): LayerCache[] {
  const { numKvHeads, headDim } = config;
  const bytes = kvCacheBytes(format, numKvHeads, capacity, headDim);
  return Array.from({ length: config.numLayers }, (_, layer) => ({
    format,
    capacity,
    numKvHeads,
    headDim,
    keys: backend.createBuffer(`layers.${layer}.keys`, bytes),
    values: backend.createBuffer(`layers.${layer}.values`, bytes),
  }));
}

function asBytes(array: Float32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
