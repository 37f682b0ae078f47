/** What the device says of its battery. */
export interface Charge {
  /** 0 to 1. */
  level: number;
  isCharging: boolean;
}

/** How much watching holds back: not at all, on battery, or on a battery that is low. */
export type Thrift = 'none' | 'some' | 'much';

/** A battery is low below this level. */
const LOW_LEVEL = 0.3;

/** How many times longer it waits. */
const SLOWER: Record<Thrift, number> = { none: 1, some: 2, much: 4 };

/** null where the browser does not tell: then nothing is held back. */
export function thriftOf(charge: Charge | null): Thrift {
  if (!charge || charge.isCharging) return 'none';
  return charge.level < LOW_LEVEL ? 'much' : 'some';
}

/** When a frame is looked at: when the scene has changed, or every so many seconds. */
export type Cadence = 'change' | 5 | 15 | 60;
export const CADENCES: readonly Cadence[] = ['change', 5, 15, 60];

/** Between two frames of a scene that keeps changing the device rests at least this long. */
const LEAST_REST_SECONDS = 2;

/** Seconds from one frame to the next: the least where the scene has to change, too. */
export function secondsBetween(cadence: Cadence, thrift: Thrift): number {
  return (cadence === 'change' ? LEAST_REST_SECONDS : cadence) * SLOWER[thrift];
}

/** How often it is asked whether a frame is due. */
export const LOOK_MILLISECONDS = 500;
