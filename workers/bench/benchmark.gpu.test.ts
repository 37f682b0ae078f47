import { expect } from 'vitest';
import { GpuBackend } from '../ops/gpuBackend';
import { Session } from '../session/session';
import { gpuTest } from '../testing/gpu';
import { measureCopy, measurePeak } from './deviceRates';
import { measureCase } from './measureCase';
import { SHAPES } from './shapes';
import { createSyntheticModel, fillWeights } from './syntheticModel';

const running = () => new AbortController().signal;

gpuTest('copy bandwidth and multiply-add rate are measured, and leave no memory behind', async ({ device }) => {
  const backend = new GpuBackend(device);
  for (const rate of [await measureCopy(backend), await measurePeak(backend)]) {
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(1e6);
  }
  expect(backend.counters.heldBytes).toBe(0);
});

gpuTest('a made-up model has finite logits, also behind keys and values that nobody computed', async ({ device }) => {
  const backend = new GpuBackend(device);
  const model = await createSyntheticModel(backend, SHAPES.nano, 400);
  const session = await Session.create(model.parts);
  await fillWeights(backend, model, running());
  const { logits } = await session.forward({ tokenIds: [5, 6, 7, 800] }, 'all');
  const magnitude = Math.sqrt(logits.reduce((sum, logit) => sum + logit ** 2, 0) / logits.length);
  expect(magnitude).toBeGreaterThan(0.05);
  expect(magnitude).toBeLessThan(20);
  const before = session.stats();
  await measured(session, 'decode', 300);
  const between = session.stats();
  // The prompt was taken to be in the cache.
  expect(between.prefillTokens - before.prefillTokens).toBeLessThan(300);
  const runs = await measured(session, 'prefill', 256);
  const after = session.stats();
  // No run has reused what another one left in the cache.
  expect(after.prefillTokens - between.prefillTokens).toBeGreaterThanOrEqual(256 * runs.length);
  expect(after.prefixTokensReused).toBe(between.prefixTokensReused);
});

async function measured(session: Session, kind: 'prefill' | 'decode', tokens: number) {
  const runs = await measureCase(session, { kind, tokens }, 5, running());
  expect(runs.length).toBeGreaterThan(0);
  return runs;
}
