import { expect, test } from 'vitest';
import { matrixLayout } from '../quant/layout';
import { kernelWorkload } from './kernelWorkload';

test('the format of most bytes in layers, and the largest matrix in it', () => {
  const layers = [
    { format: 'int4', rows: 64, columns: 64 },
    { format: 'int4', rows: 160, columns: 64 },
    { format: 'int8', rows: 96, columns: 64 },
  ] as const;
  const vocabulary = { format: 'int8', rows: 5000, columns: 64 } as const;
  expect(kernelWorkload(layers, [vocabulary])).toEqual({
    format: 'int4',
    rows: 160,
    columns: 64,
    formats: ['int4', 'int8'],
    layerBytes: matrixLayout('int4', 224, 64).bytes + matrixLayout('int8', 96, 64).bytes,
  });
});
