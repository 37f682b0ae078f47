/** Where the browser does not tell when it is idle. */
const PAUSE_MILLISECONDS = 500;
/** What is put off until the page is idle comes at last where it never is. */
const LONGEST_WAIT_MILLISECONDS = 10_000;

/** Calls `work` once the page has nothing else to do, unless the returned function is called before. */
export function whenIdle(work: () => void): () => void {
  if (!('requestIdleCallback' in globalThis)) {
    const timer = setTimeout(work, PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(work, { timeout: LONGEST_WAIT_MILLISECONDS });
  return () => cancelIdleCallback(handle);
}
