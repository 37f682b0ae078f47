/**
 * Calls `flush` when the page goes to the background, where a phone may end it without another word, and `leave` when it
 * goes away, until the returned function is called.
 */
export function keepOnLeaving({ flush, leave }: { flush: () => void; leave: () => void }): () => void {
  const hidden = () => {
    if (document.visibilityState === 'hidden') flush();
  };
  document.addEventListener('visibilitychange', hidden);
  window.addEventListener('pagehide', leave);
  // A frozen page may never wake up again.
  document.addEventListener('freeze', leave);
  return () => {
    document.removeEventListener('visibilitychange', hidden);
    window.removeEventListener('pagehide', leave);
    document.removeEventListener('freeze', leave);
  };
}
