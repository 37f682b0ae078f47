/** Eyes lighter than this are never worth a second reading. */
const LIGHT_BYTES = 64 * 2 ** 20;

/** A device with less memory gives it back where it can. */
const ENOUGH_GIB = 8;

export interface EyesDevice {
  /** As the browser tells, which is rounded to a power of two; null where it does not. */
  deviceMemoryGiB: number | null;
  isHandheld: boolean;
}

/**
 * Whether the weights of a vision tower and its connector stay on the device between pictures: `bytes` of them. They do
 * where they are light, and on a device that is not held in the hand and is not known to have less than 8 GiB. Elsewhere
 * they come from storage with the first picture and go again some time behind the last one.
 */
export function keepsEyes(bytes: number, { deviceMemoryGiB, isHandheld }: EyesDevice): boolean {
  return bytes < LIGHT_BYTES || (!isHandheld && (deviceMemoryGiB ?? ENOUGH_GIB) >= ENOUGH_GIB);
}
