import { requiredTensors } from '../checkpoint/names';
import type { LayerKind } from '../checkpoint/hybridConfig';
import type { RecurrentSizes } from '../memory/recurrentStateBytes';
import type { ModelConfig } from '../checkpoint/modelConfig';
import type { SourceTensor } from '../checkpoint/tensorTable';
import type { VisionConfig } from '../checkpoint/visionConfig';
import { isVisionTensor } from '../checkpoint/visionTensors';
import { planImport, storedBytes } from '../import/plan';
import { GGML_TYPES, type GgmlType } from '../quant/ggml';
import { GROUPED_INT4, MIXED_INT4 } from '../quant/groupedInt4';

/** What the sizes of a model's checkpoints follow from. */
export type SizedModel = Pick<
  ModelConfig,
  | 'hiddenSize'
  | 'intermediateSize'
  | 'numLayers'
  | 'numHeads'
  | 'numKvHeads'
  | 'headDim'
  | 'vocabSize'
  | 'tieWordEmbeddings'
  | 'latent'
  | 'vision'
> & { hybrid?: { layerKinds: readonly LayerKind[]; delta: RecurrentSizes } };

/** As far as sizes go, the eyes of the releases: SigLIP So400m with the positions of either kind, and 64 queries or two mergers. */
export function releasedVision(version: VisionConfig['version']): VisionConfig {
  const isTimm = version === '1.0' || version === '2.0';
  const sizes = isTimm ? { numLayers: 26, positionSide: 27 } : { numLayers: 27, positionSide: 70 };
  const tower = { hiddenSize: 1152, intermediateSize: 4304, numHeads: 16, patchSize: 14, ...sizes };
  const connector = version === '4.6' ? { insertLayer: 6 } : { numQueries: 64 };
  return { version, tower, ...connector } as VisionConfig;
}

/** Ways to write a model's matrices: floats of 16 bits, GPTQ in groups of 32 in either order, llama.cpp's mixtures. */
export type CheckpointKind = 'bf16' | 'gptq' | 'gptq-act-order' | 'Q4_K_M' | 'Q8_0';

export interface CheckpointSizes {
  parameters: number;
  /** Of the tensors that an import reads. */
  sourceBytes: number;
  /** Of what it stores. */
  packedBytes: number;
}

/** The sizes of a checkpoint of this kind, by the importer's own plan. */
export function checkpointSizes(model: SizedModel, kind: CheckpointKind): CheckpointSizes {
  const tensors = [...requiredTensors(model as ModelConfig)].map(([target, shape]) =>
    sourceTensor(target, shape, typeOf(kind, target, shape, model)),
  );
  const count = ({ shape }: SourceTensor) => shape.reduce((product, size) => product * size, 1);
  return {
    parameters: tensors.reduce((sum, tensor) => sum + count(tensor), 0),
    sourceBytes: tensors.reduce((sum, tensor) => sum + sourceBytesOf(tensor, count(tensor)), 0),
    packedBytes: planImport(tensors, 'auto', 1 << 24).reduce((sum, { entry }) => sum + storedBytes(entry), 0),
  };
}

function sourceTensor(target: string, shape: SourceTensor['shape'], type: GgmlType): SourceTensor {
  return { name: target, target, shape, type, file: 0, offset: 0, bytes: 0, hasInterleavedHeads: false };
}

/** Of a group of 32 that GPTQ wrote, 4 bits each, a half for the scale and 4 bits for the zero. */
const GPTQ_BYTES = 4 / 8 + (2 + 0.5) / 32;

function sourceBytesOf({ type, shape }: SourceTensor, count: number): number {
  if (type === GROUPED_INT4 || type === MIXED_INT4) return count * GPTQ_BYTES + 4 * shape[1]!;
  return (count / type.blockSize) * type.blockBytes;
}

const named = (name: string): GgmlType => Object.values(GGML_TYPES).find((type) => type.name === name)!;

function typeOf(kind: CheckpointKind, target: string, shape: number[], model: SizedModel): GgmlType {
  const isVector = shape.length === 1;
  const isVocabulary = target === 'embedTokens' || target === 'lmHead';
  switch (kind) {
    case 'bf16':
      return named('BF16');
    case 'gptq':
      return isVector || isVocabulary ? named('F16') : GROUPED_INT4;
    case 'gptq-act-order':
      return isVector || isVocabulary ? named('F16') : MIXED_INT4;
    case 'Q8_0':
      return named(isVector ? 'F32' : 'Q8_0');
    case 'Q4_K_M':
      if (isVector) return named('F32');
      return isVisionTensor(target) ? visionTypeOf(target) : q4KMedium(target, shape[1]!, model);
  }
}

/** The mmproj file beside one of llama.cpp's mixtures has halves, but for what is no weight of a layer. */
function visionTypeOf(target: string): GgmlType {
  return named(target === 'resampler.query' || target === 'resampler.positions' ? 'F32' : 'F16');
}

/**
 * llama.cpp's Q4_K_M: the matrix that makes the logits in Q6_K, and the value and down matrices of the first and last eighth
 * of the layers and of every third between; rows that are not whole superblocks in Q8_0 and Q5_0 instead.
 */
function q4KMedium(target: string, columns: number, { numLayers, tieWordEmbeddings }: SizedModel): GgmlType {
  const layer = Number(/\d+/.exec(target)?.[0]);
  const eighth = Math.floor(numLayers / 8);
  const isMarked = layer < eighth || layer >= Math.floor((7 * numLayers) / 8) || (layer - eighth) % 3 === 2;
  const isFine =
    target === (tieWordEmbeddings ? 'embedTokens' : 'lmHead') || (/\.(vProj|downProj)$/.test(target) && isMarked);
  const isWhole = columns % 256 === 0;
  return named(isFine ? (isWhole ? 'Q6_K' : 'Q8_0') : isWhole ? 'Q4_K' : 'Q5_0');
}
