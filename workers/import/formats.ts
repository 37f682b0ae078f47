import type { SourceTensor } from '../checkpoint/tensorTable';
import { isVisionTensor } from '../checkpoint/visionTensors';
import type { Quantization } from '../protocol/model';
import { ggmlFormat } from '../quant/ggml';
import { MIXED_INT4 } from '../quant/groupedInt4';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout } from '../quant/layout';
import type { FloatTargetFormat } from '../quant/packTile';

/**
 * A vocabulary matrix up to this size in int8 is small: it feeds every token in and out, and in a model so small its error
 * weighs more than its bytes.
 */
const SMALL_VOCABULARY_BYTES = 64 * 1024 * 1024;

/**
 * Matrices whose groups are mixed within blocks, up to this size in f16 all together, are small: larger ones in int8, whose
 * noise of 46 dB below the weights is far below that of the four bits they have.
 */
const SMALL_MIXED_BYTES = 1024 * 1024 * 1024;

/** A matrix either keeps the codes of its source, re-laid out, or is packed from float weights. */
export type StoredFormat =
  { keepsCodes: true; format: MatrixFormat } | { keepsCodes: false; format: FloatTargetFormat };

/** Up to this size in f32, the tables of a vision tower and the matrix of its patches stay as they are. */
const SMALL_TABLE_BYTES = 8 * 1024 * 1024;

/** Parts of a vision tower and its resampler that everything behind them rests on, and that weigh little. */
const VISION_TABLES: readonly string[] = [
  'vision.patchEmbedding',
  'vision.positions',
  'resampler.query',
  'resampler.positions',
];

/** Matrices of a row for each head, which say how long it remembers: small, and an error in them adds up over a text. */
const MEMORY_GATES = /\.(?:decayProj|betaProj)$/;

/**
 * How a tensor is stored. Vectors are f32 always. Sources with codes of their own keep them under 'auto' and 'int4'; float
 * matrices become int4. 'auto' is finer where that is cheap or was meant so: a small vocabulary matrix is int8; one that was
 * left as floats in a checkpoint that is quantised otherwise (`isQuantized`) is f16 or, where it is large, int8; codes whose
 * groups are mixed within blocks become f16, the least that keeps them, or int8 where they are large (`mixedFormat`). 'int8',
 * 'f16' and 'f32' hold for every matrix, whatever its source. Of a vision tower, 'auto' makes int8, and tables keep their floats,
 * as the gates of a memory do.
 */
export function storedFormat(
  tensor: SourceTensor,
  quantization: Quantization,
  { isQuantized, mixedFormat }: CheckpointFormats,
): StoredFormat {
  const [rows, columns] = tensor.shape;
  if (columns === undefined) return { keepsCodes: false, format: 'f32' };
  const keepsFloats = VISION_TABLES.includes(tensor.target) || MEMORY_GATES.test(tensor.target);
  if (keepsFloats && quantization !== 'f32' && quantization !== 'f16') {
    const isSmall = matrixLayout('f32', rows, columns).bytes <= SMALL_TABLE_BYTES;
    return { keepsCodes: false, format: isSmall ? 'f32' : 'f16' };
  }
  if (quantization !== 'auto' && quantization !== 'int4') return { keepsCodes: false, format: quantization };
  const ownFormat = ggmlFormat(tensor.type);
  if (ownFormat !== 'float') return { keepsCodes: true, format: ownFormat };
  if (quantization === 'int4') return { keepsCodes: false, format: 'int4' };
  if (tensor.type === MIXED_INT4) return { keepsCodes: false, format: mixedFormat };
  if (isVisionTensor(tensor.target)) return { keepsCodes: false, format: 'int8' };
  const isVocabulary = tensor.target === 'embedTokens' || tensor.target === 'lmHead';
  const isSmall = matrixLayout('int8', rows, columns).bytes <= SMALL_VOCABULARY_BYTES;
  const fine = isSmall ? (['int8', 'f16'] as const) : (['int4', 'int8'] as const);
  return { keepsCodes: false, format: isVocabulary ? fine[isQuantized ? 1 : 0] : 'int4' };
}

/** What the formats of single tensors depend on. */
export interface CheckpointFormats {
  /** Whether any tensor of the checkpoint has codes of its own. */
  isQuantized: boolean;
  /** What 'auto' makes of matrices whose groups are mixed within blocks. */
  mixedFormat: 'f16' | 'int8';
}

/** Looks at all tensors of a checkpoint. */
export function checkpointFormats(tensors: SourceTensor[]): CheckpointFormats {
  const mixed = tensors.filter(({ type }) => type === MIXED_INT4);
  const mixedBytes = mixed.reduce((sum, { shape: [rows, columns] }) => sum + 2 * rows * (columns ?? 1), 0);
  return {
    isQuantized: mixed.length > 0 || tensors.some(({ type }) => ggmlFormat(type) !== 'float'),
    mixedFormat: mixedBytes <= SMALL_MIXED_BYTES ? 'f16' : 'int8',
  };
}
