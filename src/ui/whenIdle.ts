/** Where the browser does not tell when it is idle. */
const PAUSE_MILLISECONDS = 500;

/** Calls `work` once the page has nothing else to do, unless the returned function is called before. */
export function whenIdle(work: () => void): () => void {
  if (!('requestIdleCallback' in globalThis)) {
    const timer = setTimeout(work, PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(work);
  return () => cancelIdleCallback(handle);
}
