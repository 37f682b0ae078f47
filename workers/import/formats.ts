import type { SourceTensor } from '../checkpoint/tensorTable';
import type { Quantization } from '../protocol';
import { ggmlFormat } from '../quant/ggml';
import { MIXED_INT4 } from '../quant/groupedInt4';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout } from '../quant/layout';
import type { FloatTargetFormat } from '../quant/packTile';

/**
 * A vocabulary matrix up to this size is kept in int8: it feeds every token in and out, and in a model so small its
 * error weighs more than its bytes.
 */
const INT8_VOCABULARY_BYTES = 64 * 1024 * 1024;

/** A matrix either keeps the codes of its source, re-laid out, or is packed from float weights. */
export type StoredFormat =
  { keepsCodes: true; format: MatrixFormat } | { keepsCodes: false; format: FloatTargetFormat };

/**
 * How a tensor is stored. Vectors are f32 always. Sources with codes of their own keep them under 'auto' and 'int4';
 * float matrices become int4, except that 'auto' leaves a small vocabulary matrix in int8, and codes whose groups are mixed
 * within blocks become int8. 'int8', 'f16' and 'f32' hold for every matrix, whatever its source.
 */
export function storedFormat(tensor: SourceTensor, quantization: Quantization): StoredFormat {
  const [rows, columns] = tensor.shape;
  if (columns === undefined) return { keepsCodes: false, format: 'f32' };
  if (quantization !== 'auto' && quantization !== 'int4') return { keepsCodes: false, format: quantization };
  if (tensor.type === MIXED_INT4 && quantization === 'auto') return { keepsCodes: false, format: 'int8' };
  const ownFormat = ggmlFormat(tensor.type);
  if (ownFormat !== 'float') return { keepsCodes: true, format: ownFormat };
  const isVocabulary = tensor.target === 'embedTokens' || tensor.target === 'lmHead';
  const isSmall = matrixLayout('int8', rows, columns).bytes <= INT8_VOCABULARY_BYTES;
  return { keepsCodes: false, format: quantization === 'auto' && isVocabulary && isSmall ? 'int8' : 'int4' };
}
