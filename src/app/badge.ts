/**
 * Marks the icon of the installed app, until the page is looked at again: something has come that the reader waits for.
 * Does nothing while the page is in sight.
 */
export function badgeUntilSeen(): void {
  if (document.visibilityState === 'visible' || !('setAppBadge' in navigator)) return;
  // The browser refuses where the app is not installed.
  navigator.setAppBadge().catch(() => undefined);
  const seen = () => {
    if (document.visibilityState !== 'visible') return;
    document.removeEventListener('visibilitychange', seen);
    navigator.clearAppBadge().catch(() => undefined);
  };
  document.addEventListener('visibilitychange', seen);
}
