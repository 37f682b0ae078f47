import { expect, test } from 'vitest';
import { matrixLayout } from '../quant/layout';
import { kernelWorkload } from './kernelWorkload';

test('the format of most bytes in layers, and the largest matrix in it', () => {
  const tensors = [
    { name: 'embedTokens', format: 'int8', shape: [5000, 64] },
    { name: 'layers.0.qProj', format: 'int4', shape: [64, 64] },
    { name: 'layers.0.gateProj', format: 'int4', shape: [160, 64] },
    { name: 'layers.0.inputLayernorm', format: 'f32', shape: [64] },
    { name: 'layers.0.downProj', format: 'int8', shape: [96, 64] },
  ] as const;
  const layerBytes = matrixLayout('int4', 224, 64).bytes + matrixLayout('int8', 96, 64).bytes;
  const inLayers = { format: 'int4', rows: 160, columns: 64, layerBytes };
  expect(kernelWorkload(tensors)).toEqual({ ...inLayers, formats: ['int4', 'int8'] });
  const layerBytesOfAll = layerBytes + matrixLayout('int8', 5000, 64).bytes;
  expect(kernelWorkload(tensors, () => true)).toMatchObject({
    format: 'int8',
    rows: 5000,
    layerBytes: layerBytesOfAll,
  });
});
