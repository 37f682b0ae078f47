import { expect, test } from 'vitest';
import { requiredVisionTensors } from '../checkpoint/visionTensors';
import { measureEyes } from './eyesBenchmark';
import { EYES, tileOperations, withLayers } from './eyesShape';

test('the operations of a tile are two per weight and row, and those of attention', () => {
  const patches = 1024;
  const { config, width } = EYES;
  let operations = 0;
  for (const [name, [rows, columns]] of requiredVisionTensors(config, width)) {
    // Tables and vectors are read, not multiplied.
    if (columns === undefined || /positions|query$/.test(name)) continue;
    const isOfQueries = /^resampler\.(qProj|oProj|proj)$/.test(name);
    operations += 2 * rows * columns * (isOfQueries ? config.numQueries : patches);
  }
  operations += 4 * config.tower.numLayers * config.tower.hiddenSize * patches ** 2;
  operations += 4 * config.numQueries * width * patches;
  expect(tileOperations(EYES, patches)).toBe(operations);
  expect(tileOperations(withLayers(EYES, 1), patches)).toBeLessThan(operations / 10);
});

test('a benchmark that was stopped before makes nothing', async () => {
  const report = await measureEyes({ backend: 'cpu' }, 26, 10, null, AbortSignal.abort());
  expect(report).toMatchObject({ layers: 26, allLayers: 26, weightBytes: 0, result: { state: 'stopped' } });
});
