import type { VisionConfig } from './visionConfig';

type Shape = [number, number] | [number];

/** Every tensor of a vision tower and its resampler under our names, for a language model `hiddenSize` wide. */
export function requiredVisionTensors({ tower, numQueries, version }: VisionConfig, hiddenSize: number) {
  const tensors = new Map<string, Shape>();
  const norm = (name: string, length: number) => {
    tensors.set(name, [length]);
    tensors.set(`${name}Bias`, [length]);
  };
  const linear = (name: string, rows: number, columns: number) => {
    tensors.set(name, [rows, columns]);
    tensors.set(`${name}Bias`, [rows]);
  };
  const { hiddenSize: width, intermediateSize, patchSize, positionSide } = tower;
  linear('vision.patchEmbedding', width, 3 * patchSize ** 2);
  tensors.set('vision.positions', [positionSide ** 2, width]);
  for (let i = 0; i < tower.numLayers; i++) {
    const at = `vision.layers.${i}`;
    norm(`${at}.attentionNorm`, width);
    for (const projection of ['qProj', 'kProj', 'vProj', 'oProj']) linear(`${at}.${projection}`, width, width);
    norm(`${at}.mlpNorm`, width);
    linear(`${at}.fc1`, intermediateSize, width);
    linear(`${at}.fc2`, width, intermediateSize);
  }
  norm('vision.norm', width);
  tensors.set('resampler.query', [numQueries, hiddenSize]);
  if (hasQueryPositions(version)) tensors.set('resampler.positions', [numQueries, hiddenSize]);
  tensors.set('resampler.kvProj', [hiddenSize, width]);
  for (const part of ['queryNorm', 'kvNorm', 'outNorm']) norm(`resampler.${part}`, hiddenSize);
  for (const projection of ['qProj', 'kProj', 'vProj', 'oProj']) {
    linear(`resampler.${projection}`, hiddenSize, hiddenSize);
  }
  tensors.set('resampler.proj', [hiddenSize, hiddenSize]);
  return tensors;
}

/** Whether the resampler adds positions to its queries. */
export function hasQueryPositions(version: VisionConfig['version']): boolean {
  return version === '1.0' || version === '2.0';
}

/** Whether a tensor of ours belongs to the tower or the resampler. */
export function isVisionTensor(target: string): boolean {
  return target.startsWith('vision.') || target.startsWith('resampler.');
}
