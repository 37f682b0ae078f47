import { expect, test } from 'vitest';
import { configFromJson } from '../checkpoint/config';
import { CpuBackend } from '../ops/cpuBackend';
import { createLayerMemory } from '../session/loadModel';
import { StateSnapshots } from '../session/stateSnapshots';
import { tinyHybridConfig } from '../testing/tinyHybridCheckpoint';
import { kvCacheBytes } from './kvCacheBytes';
import { recurrentStateBytes } from './recurrentStateBytes';

test('states take what an engine allocates for them and their copies', () => {
  const config = configFromJson(tinyHybridConfig(), null);
  const { delta, layerKinds } = config.hybrid!;
  const backend = new CpuBackend();
  StateSnapshots.create(backend, createLayerMemory(backend, config, 64, 'f16'));
  const states = layerKinds.filter((kind) => kind === 'delta-net').length;
  const caches = 2 * kvCacheBytes('f16', config.numKvHeads, 64, config.headDim);
  expect(backend.counters.heldBytes).toBe(states * recurrentStateBytes(delta) + (layerKinds.length - states) * caches);
});
