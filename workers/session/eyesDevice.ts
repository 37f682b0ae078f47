import type { EyesDevice } from '../memory/eyesMemory';
import { deviceMemoryGiB } from './deviceMemory';

/** What decides whether eyes stay in memory. A tablet that calls itself a desktop computer is taken for one. */
export function eyesDevice(): EyesDevice {
  return { deviceMemoryGiB: deviceMemoryGiB(), isHandheld: isHandheld() };
}

function isHandheld(): boolean {
  if (typeof navigator === 'undefined') return false;
  const { userAgentData, userAgent = '' } = navigator as { userAgentData?: { mobile?: boolean }; userAgent?: string };
  return userAgentData?.mobile ?? /Mobi|Android|iPhone|iPad/.test(userAgent);
}
