/** Makes the built app open offline. The development server has no service worker. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // Where registration is refused (private windows, file URLs) the page works all the same, online.
  navigator.serviceWorker.register('./sw.js').catch(() => undefined);
}
