/**
 * Attachment: an element that is wider than its place can be reached by keyboard, so that it can be scrolled, and says
 * what it is.
 */
export function scrollable(label: string): (element: HTMLElement) => () => void {
  return (element) => {
    const judge = () => {
      const scrolls = element.scrollWidth > element.clientWidth;
      if (scrolls === element.hasAttribute('tabindex')) return;
      const attributes = { tabindex: '0', role: 'group', 'aria-label': label };
      for (const [name, value] of Object.entries(attributes)) {
        if (scrolls) element.setAttribute(name, value);
        else element.removeAttribute(name);
      }
    };
    const observer = new ResizeObserver(judge);
    for (const observed of [element, ...element.children]) observer.observe(observed);
    return () => observer.disconnect();
  };
}
