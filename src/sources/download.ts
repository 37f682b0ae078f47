import type { EngineState } from '../engine/engine.svelte';
import type { ModelSource } from '../../workers/protocol';
import { rememberSpeed, SpeedMeter } from './transferSpeed';

/** Begins a download, and learns from it how fast the network is. */
export async function download(engine: EngineState, source: ModelSource): Promise<void> {
  const meter = new SpeedMeter();
  const timer = setInterval(() => meter.observe(engine.progress, performance.now() / 1000), 500);
  try {
    await engine.importAndLoad(source);
  } finally {
    clearInterval(timer);
    if (meter.bytesPerSecond !== null) rememberSpeed(meter.bytesPerSecond);
  }
}
