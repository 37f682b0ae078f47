/**
 * Keeps `--visible-height` on the root at the height that the screen keyboard leaves free. iOS slides its keyboard
 * over the page instead of making the page smaller.
 */
export function followVisibleHeight(): () => void {
  const viewport = window.visualViewport;
  if (!viewport) return () => undefined;
  const update = () => {
    // A reader who zooms in also shrinks the visible part; the page is then to stay as it is.
    if (viewport.scale > 1) return;
    document.documentElement.style.setProperty('--visible-height', `${viewport.height}px`);
    window.scrollTo(0, 0);
  };
  viewport.addEventListener('resize', update);
  return () => {
    viewport.removeEventListener('resize', update);
    document.documentElement.style.removeProperty('--visible-height');
  };
}
