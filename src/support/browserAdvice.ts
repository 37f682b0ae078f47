import type { Dictionary } from '../i18n/en';

/** What a browser tells of itself and of where it runs. */
export interface BrowserFacts {
  userAgent: string;
  /** `navigator.userAgentData.platform`, where there is one. */
  platform: string | undefined;
  maxTouchPoints: number;
  /** WebGPU is there on https and localhost only. */
  isSecure: boolean;
}

export type BrowserAdvice = keyof Dictionary['browsers'];

/** Since then Chrome and its relatives have all that the engine asks for. */
const CHROMIUM_VERSION = 127;

/** Which browser, in which version, would have WebGPU for this person. */
export function browserAdvice({ userAgent, platform = '', maxTouchPoints, isSecure }: BrowserFacts): BrowserAdvice {
  if (!isSecure) return 'insecure';
  if (/MicroMessenger|\bQQ\/|Weibo|DingTalk|AlipayClient|FBAN|FBAV|Instagram|; wv\)/.test(userAgent)) return 'inApp';
  // iPads call themselves Macs, but no Mac has a touch screen.
  if (/iPhone|iPod|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) return 'ios';
  const chromium = Number(/Chrome\/(\d+)/.exec(userAgent)?.[1] ?? Infinity);
  const system = systemOf(`${platform} ${userAgent}`);
  if (chromium < CHROMIUM_VERSION && system !== 'linux') return 'outdated';
  return system;
}

/** Of this browser. */
export function browserFacts(): BrowserFacts {
  const { userAgent, maxTouchPoints } = navigator;
  const { userAgentData } = navigator as { userAgentData?: { platform?: string } };
  return { userAgent, platform: userAgentData?.platform, maxTouchPoints, isSecure: isSecureContext };
}

function systemOf(words: string): 'windows' | 'mac' | 'android' | 'chromeos' | 'linux' | 'other' {
  if (/Android/.test(words)) return 'android';
  if (/Windows/.test(words)) return 'windows';
  if (/CrOS|Chrome OS/.test(words)) return 'chromeos';
  if (/macOS|Macintosh/.test(words)) return 'mac';
  return /Linux/.test(words) ? 'linux' : 'other';
}
