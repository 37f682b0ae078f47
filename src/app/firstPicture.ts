/** A page may be taken for visible and not be drawn, under other windows or in the midst of being hidden. */
const LONGEST_WAIT_MILLISECONDS = 200;

/**
 * Resolves once the screen has shown the page for the first time, or soon where it does not. A frame that is drawn is not
 * shown yet: what is replaced until then was never seen, and browsers take what replaces it for the first picture.
 */
export function firstPicture(): Promise<void> {
  return new Promise((resolve) => {
    if (document.visibilityState !== 'visible') return resolve();
    const observer = new PerformanceObserver((paints) => {
      if (paints.getEntriesByName('first-contentful-paint').length > 0) end();
    });
    const timer = setTimeout(end, LONGEST_WAIT_MILLISECONDS);
    observer.observe({ type: 'paint', buffered: true });
    function end() {
      observer.disconnect();
      clearTimeout(timer);
      resolve();
    }
  });
}
