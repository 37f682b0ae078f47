/** Calls `keep` when the page may be about to go for good, until the returned function is called. */
export function keepOnLeaving(keep: () => void): () => void {
  // A phone may end a page in the background without another word.
  const hidden = () => {
    if (document.visibilityState === 'hidden') keep();
  };
  document.addEventListener('visibilitychange', hidden);
  window.addEventListener('pagehide', keep);
  return () => {
    document.removeEventListener('visibilitychange', hidden);
    window.removeEventListener('pagehide', keep);
  };
}
