/** Memory of the device, rounded to a power of two; null where the browser does not tell: Chromium alone does. */
export function deviceMemoryGiB(): number | null {
  if (typeof navigator === 'undefined' || !('deviceMemory' in navigator)) return null;
  const memory: unknown = navigator.deviceMemory;
  return typeof memory === 'number' ? memory : null;
}
