import { requiredTensors } from '../checkpoint/names';
import { engineError } from '../errors';
import { ropeTable } from '../model/ropeTable';
import { kvCacheFormat } from '../memory/kvCacheFormat';
import { languageModelWeights } from '../model/weights';
import type { Backend } from '../ops/backend';
import type { Matrix, Vector } from '../ops/graph';
import { kernelWorkload, type KernelWorkload, type NamedTensor } from '../ops/kernelWorkload';
import type { KvCacheFormat } from '../protocol/loading';
import type { ModelInfo } from '../protocol/model';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { createLayerMemory } from '../session/loadModel';
import type { SessionParts } from '../session/session';
import { zeroTensors } from './zeroTensors';
import type { BenchmarkShape } from './shapes';
import { syntheticTile } from './syntheticTile';
import { parameters } from './workload';

/** One write to the device: a tile, repeated. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Queued writes are copies that the browser holds. */
const MAX_UNFLUSHED_BYTES = 64 * 1024 * 1024;

/** A model of a shape in the memory of a backend, without a tokenizer; its weights are zero until `fillWeights`. */
export interface SyntheticModel {
  parts: SessionParts;
  /** The format that a model of this size is given where nobody chooses one. */
  kvCache: KvCacheFormat;
  matrices: Matrix[];
  vectors: Vector[];
}

/** What kernels are chosen for. */
export function workloadOf(shape: BenchmarkShape): KernelWorkload {
  return kernelWorkload(tensorsOf(shape));
}

/** Makes every buffer of a model with room for `contextLength` tokens. Throws OutOfMemoryError. */
export async function createSyntheticModel(
  backend: Backend,
  shape: BenchmarkShape,
  contextLength: number,
): Promise<SyntheticModel> {
  const { config } = shape;
  const { matrices, vectors } = zeroTensors(backend, tensorsOf(shape));
  const rope = backend.createBuffer('rope', contextLength * config.headDim * 4);
  const table = ropeTable(config.rope, config.headDim, contextLength);
  const info = modelInfo(shape, packedBytes(matrices.values(), vectors.values()));
  const kvCache = kvCacheFormat({ config, info }, contextLength, backend.mostBufferBytes);
  const memory = createLayerMemory(backend, config, contextLength, kvCache);
  await backend.flush();
  backend.write(rope, 0, new Uint8Array(table.buffer));
  const weights = languageModelWeights(
    config,
    { positions: contextLength, headDim: config.headDim, buffer: rope },
    (name) => matrices.get(name)!,
    (name) => vectors.get(name)!,
  );
  const parts = {
    backend,
    info,
    model: { config, weights },
    memory,
    contextLength,
    tokenizer: null,
    eyes: null,
  };
  return { parts, kvCache, matrices: [...matrices.values()], vectors: [...vectors.values()] };
}

/** Weights that keep every activation finite. Throws AbortError. */
export async function fillWeights(
  backend: Backend,
  { matrices, vectors }: Pick<SyntheticModel, 'matrices' | 'vectors'>,
  signal: AbortSignal,
): Promise<void> {
  let unflushedBytes = 0;
  const written = async (bytes: number) => {
    unflushedBytes += bytes;
    if (unflushedBytes < MAX_UNFLUSHED_BYTES) return;
    unflushedBytes = 0;
    await backend.flush();
    if (signal.aborted) throw engineError('AbortError', 'stopped');
  };
  for (const { length, buffer } of vectors) {
    const ones = new Float32Array(length).fill(1);
    backend.write(buffer, 0, new Uint8Array(ones.buffer));
    await written(ones.byteLength);
  }
  const chunkOf = tileChunks();
  for (const { format, columns, shards } of matrices) {
    for (const { rows, buffer } of shards) {
      const layout = matrixLayout(format, rows, columns);
      const chunk = chunkOf(format, columns);
      const fullBytes = Math.floor(rows / TILE_ROWS) * layout.tileBytes;
      for (let offset = 0; offset < fullBytes; offset += chunk.byteLength) {
        const bytes = chunk.subarray(0, fullBytes - offset);
        backend.write(buffer, offset, bytes);
        await written(bytes.byteLength);
      }
      const rest = rows % TILE_ROWS;
      if (rest > 0) backend.write(buffer, fullBytes, syntheticTile(layout, rest));
    }
  }
  await backend.flush();
}

function tensorsOf({ config, vocabularyFormat }: BenchmarkShape): NamedTensor[] {
  return Array.from(requiredTensors(config), ([name, shape]) => {
    const isVocabulary = name === 'embedTokens' || name === 'lmHead';
    return { name, shape, format: isVocabulary ? vocabularyFormat : 'int4' };
  });
}

/** For each width of a matrix one tile, repeated as often as a chunk holds it: numbers need not differ to cost the same. */
function tileChunks() {
  const chunks = new Map<string, Uint8Array<ArrayBuffer>>();
  return (format: Matrix['format'], columns: number): Uint8Array<ArrayBuffer> => {
    const key = `${format} ${columns}`;
    let chunk = chunks.get(key);
    if (!chunk) {
      const tile = syntheticTile(matrixLayout(format, TILE_ROWS, columns), TILE_ROWS);
      const count = Math.max(1, Math.floor(CHUNK_BYTES / tile.byteLength));
      chunk = new Uint8Array(count * tile.byteLength);
      for (let i = 0; i < count; i++) chunk.set(tile, i * tile.byteLength);
      chunks.set(key, chunk);
    }
    return chunk;
  };
}

function packedBytes(matrices: Iterable<Matrix>, vectors: Iterable<Vector>): number {
  const ofMatrix = ({ format, rows, columns }: Matrix) => matrixLayout(format, rows, columns).bytes;
  const ofVector = ({ length }: Vector) => 4 * length;
  return [...Array.from(matrices, ofMatrix), ...Array.from(vectors, ofVector)].reduce((sum, bytes) => sum + bytes, 0);
}

/** What a session asks of the model it runs. */
function modelInfo({ model, config }: BenchmarkShape, bytes: number): ModelInfo {
  return {
    id: 'benchmark',
    name: model,
    family: model,
    architecture: config.architecture,
    parameters: parameters(config),
    bytes,
    quantization: 'int4',
    vocabSize: config.vocabSize,
    contextLength: config.maxPositions,
    vision: false,
    source: { kind: 'bundled', location: 'benchmark' },
    licence: null,
    hasTokenizer: false,
    thinking: null,
    sampling: { maxTokens: null, temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 },
    importedAt: 0,
    lastUsedAt: null,
  };
}
