import type { Transfer } from '../engine/transfer.svelte';
import { formatBytes, formatDuration, formatRate } from '../format';
import type { Dictionary } from '../i18n/en';
import { fill } from '../i18n/fill';
import type { Language } from '../i18n/language';

/** How far a transfer is, how fast it goes and how long it takes, each as far as it is known. */
export function transferNumbers(transfer: Transfer, text: Dictionary, language: Language): string[] {
  const { loadedBytes, totalBytes, bytesPerSecond, etaSeconds } = transfer;
  if (totalBytes === 0) return [];
  const size = (bytes: number) => formatBytes(bytes, language);
  return [
    fill(text.progress.bytes, { done: size(loadedBytes), total: size(totalBytes) }),
    ...(bytesPerSecond === null ? [] : [formatRate(bytesPerSecond, language)]),
    ...(etaSeconds === null ? [] : [fill(text.progress.timeLeft, { time: formatDuration(etaSeconds, language) })]),
  ];
}
