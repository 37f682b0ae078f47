import type { MergingVision, ResamplingVision, VisionConfig } from './visionConfig';

type Shape = [number, number] | [number];

/** Every tensor of a vision tower and its connector under our names, for a language model `hiddenSize` wide. */
export function requiredVisionTensors(vision: VisionConfig, hiddenSize: number): ReadonlyMap<string, Shape> {
  const tensors = new VisionTensors();
  addTower(tensors, vision);
  if (vision.version === '4.6') addMergers(tensors, vision, hiddenSize);
  else addResampler(tensors, vision, hiddenSize);
  return tensors.shapes;
}

class VisionTensors {
  readonly shapes = new Map<string, Shape>();

  norm(name: string, length: number): void {
    this.shapes.set(name, [length]);
    this.shapes.set(`${name}Bias`, [length]);
  }

  linear(name: string, rows: number, columns: number): void {
    this.shapes.set(name, [rows, columns]);
    this.shapes.set(`${name}Bias`, [rows]);
  }

  /** Query, key, value and output matrices. */
  attention(at: string, width: number): void {
    for (const projection of ['qProj', 'kProj', 'vProj', 'oProj']) this.linear(`${at}.${projection}`, width, width);
  }
}

function addTower(tensors: VisionTensors, { tower }: VisionConfig): void {
  const { hiddenSize: width, intermediateSize, patchSize, positionSide } = tower;
  tensors.linear('vision.patchEmbedding', width, 3 * patchSize ** 2);
  tensors.shapes.set('vision.positions', [positionSide ** 2, width]);
  for (let i = 0; i < tower.numLayers; i++) {
    const at = `vision.layers.${i}`;
    tensors.norm(`${at}.attentionNorm`, width);
    tensors.attention(at, width);
    tensors.norm(`${at}.mlpNorm`, width);
    tensors.linear(`${at}.fc1`, intermediateSize, width);
    tensors.linear(`${at}.fc2`, width, intermediateSize);
  }
  tensors.norm('vision.norm', width);
}

function addMergers(tensors: VisionTensors, { tower, insertLayer }: MergingVision, hiddenSize: number): void {
  const { hiddenSize: width, intermediateSize } = tower;
  if (insertLayer !== null) {
    tensors.norm('vision.merger.attentionNorm', width);
    tensors.attention('vision.merger', width);
    tensors.norm('vision.merger.mlpNorm', MERGED_ROWS * width);
    tensors.linear('vision.merger.fc1', MERGED_ROWS * intermediateSize, MERGED_ROWS * width);
    tensors.linear('vision.merger.fc2', width, MERGED_ROWS * intermediateSize);
  }
  tensors.norm('vision.connector.mlpNorm', MERGED_ROWS * width);
  tensors.linear('vision.connector.fc1', MERGED_ROWS * width, MERGED_ROWS * width);
  tensors.linear('vision.connector.fc2', hiddenSize, MERGED_ROWS * width);
}

function addResampler(tensors: VisionTensors, vision: ResamplingVision, hiddenSize: number): void {
  const { tower, numQueries, version } = vision;
  tensors.shapes.set('resampler.query', [numQueries, hiddenSize]);
  if (hasQueryPositions(version)) tensors.shapes.set('resampler.positions', [numQueries, hiddenSize]);
  tensors.shapes.set('resampler.kvProj', [hiddenSize, tower.hiddenSize]);
  for (const part of ['queryNorm', 'kvNorm', 'outNorm']) tensors.norm(`resampler.${part}`, hiddenSize);
  tensors.attention('resampler', hiddenSize);
  tensors.shapes.set('resampler.proj', [hiddenSize, hiddenSize]);
}

/** Rows that a merger makes one of: a square of 2 × 2. */
export const MERGED_ROWS = 4;

/** Whether the resampler adds positions to its queries. */
export function hasQueryPositions(version: VisionConfig['version']): boolean {
  return version === '1.0' || version === '2.0';
}

/** Whether a tensor of ours belongs to the tower or its connector. */
export function isVisionTensor(target: string): boolean {
  return target.startsWith('vision.') || target.startsWith('resampler.');
}
