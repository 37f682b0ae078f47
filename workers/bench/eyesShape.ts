import type { ResamplingVision } from '../checkpoint/visionConfig';

/** The sizes of eyes, and of the language model behind them. */
export interface EyesShape {
  /** The model that has these sizes. */
  model: string;
  config: ResamplingVision;
  /** Hidden size of the language model. */
  width: number;
}

/** SigLIP-SO400M without its last layer, and a resampler of 64 queries. How pictures are cut does not matter here. */
export const EYES: EyesShape = {
  model: 'MiniCPM-V 2.0',
  width: 2304,
  config: {
    version: '2.0',
    numQueries: 64,
    tower: {
      hiddenSize: 1152,
      intermediateSize: 4304,
      numLayers: 26,
      numHeads: 16,
      patchSize: 14,
      activation: 'gelu',
      positionSide: 27,
      positions: 'resampled',
    },
    image: {
      cut: 'slice',
      scaleResolution: 448,
      maxSlices: 9,
      patchSize: 14,
      sideMultiple: 14,
      resizing: 'pillow',
      tileTokens: { count: 64 },
      layout: 'nested',
      hasImageIds: false,
      featureToken: '<unk>',
      isSinglePicture: true,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    },
  },
};

/** The same with fewer layers in the tower. */
export function withLayers(shape: EyesShape, numLayers: number): EyesShape {
  return { ...shape, config: { ...shape.config, tower: { ...shape.config.tower, numLayers } } };
}

/**
 * Floating point operations of a tile: two per weight and row that it is applied to, and 4 · width per layer and pair of
 * query and key. Norms and the like are too few to count.
 */
export function tileOperations({ config, width }: EyesShape, patches: number): number {
  const { hiddenSize, intermediateSize, numLayers, patchSize } = config.tower;
  const layerWeights = 4 * hiddenSize ** 2 + 2 * hiddenSize * intermediateSize;
  const tower = 2 * patches * (3 * patchSize ** 2 * hiddenSize + numLayers * layerWeights);
  const attention = 4 * numLayers * hiddenSize * patches ** 2;
  const keys = 2 * patches * (hiddenSize * width + 2 * width ** 2);
  const queries = config.numQueries * (2 * 3 * width ** 2 + 4 * width * patches);
  return tower + attention + keys + queries;
}
