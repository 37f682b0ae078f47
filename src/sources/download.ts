import type { EngineState } from '../engine/engine.svelte';
import type { ModelSource } from '../../workers/protocol/source';
import { rememberSpeed, SpeedMeter } from './transferSpeed';

/** Begins a download, and learns from it how fast the network is. */
export async function download(engine: EngineState, source: ModelSource): Promise<void> {
  const meter = new SpeedMeter();
  const progress = () => engine.transfers.list.find((transfer) => transfer.source === source)?.progress ?? null;
  const timer = setInterval(() => meter.observe(progress(), performance.now() / 1000), 500);
  try {
    await engine.importAndLoad(source);
  } finally {
    clearInterval(timer);
    if (meter.bytesPerSecond !== null) rememberSpeed(meter.bytesPerSecond);
  }
}
