import type { Diagnostics, ModelInfo } from '../engine/api';
import { recallRecord, remember } from '../app/remembered';

/** What computes, as far as speed goes. */
export type Computer = Pick<Diagnostics, 'backend' | 'adapter'>;

/** Keeps how long a model took to look at a part of a picture on this device. */
export function rememberLooking(model: ModelInfo, computer: Computer, secondsPerTile: number): void {
  const key = keyOf(model, computer);
  remember(
    'lookingSpeeds',
    JSON.stringify({ ...recallRecord('lookingSpeeds'), [key]: Number(secondsPerTile.toPrecision(3)) }),
  );
}

/** Seconds that a model took for a part of a picture when it last looked at any on this device; null where it never did. */
export function knownLooking(model: ModelInfo, computer: Computer): number | null {
  const seconds = recallRecord('lookingSpeeds')[keyOf(model, computer)];
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

/** A browser may get another graphics card, or none, the next time. */
function keyOf({ id }: ModelInfo, { backend, adapter }: Computer): string {
  const { vendor = '', architecture = '', device = '' } = (backend === 'webgpu' && adapter) || {};
  return [id, backend, vendor, architecture, device].join(' ').trim();
}
