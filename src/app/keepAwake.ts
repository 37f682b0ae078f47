/**
 * Keeps the screen on until the returned function is called: a phone that falls asleep stops downloads and answers.
 * Where the browser refuses, for instance on a low battery, nothing happens.
 */
export function keepAwake(): () => void {
  let isReleased = false;
  let lock: WakeLockSentinel | null = null;
  const request = async () => {
    if (!('wakeLock' in navigator) || document.visibilityState !== 'visible') return;
    lock = await navigator.wakeLock.request('screen').catch(() => null);
    if (isReleased) void lock?.release();
  };
  // The browser takes the lock away from a page that goes to the background, and does not give it back by itself.
  document.addEventListener('visibilitychange', request);
  void request();
  return () => {
    isReleased = true;
    document.removeEventListener('visibilitychange', request);
    void lock?.release();
  };
}
