/**
 * Attachment: calls `takeOver` where what has the focus inside an element is taken out of the page, and nothing else has
 * taken the focus since.
 */
export function whenFocusGoes(takeOver: () => void): (element: HTMLElement) => () => void {
  return (element) => {
    let focused: Element | null = null;
    const enter = ({ target }: FocusEvent) => (focused = target as Element);
    // Some browsers say so of what is being taken out, too: whether it has been is known behind that.
    const leave = ({ target }: FocusEvent) =>
      queueMicrotask(() => {
        if (focused?.isConnected && focused === target) focused = null;
      });
    const observer = new MutationObserver(() => {
      if (focused === null || focused.isConnected) return;
      focused = null;
      if (document.activeElement === document.body) takeOver();
    });
    observer.observe(element, { childList: true, subtree: true });
    element.addEventListener('focusin', enter);
    element.addEventListener('focusout', leave);
    return () => {
      observer.disconnect();
      element.removeEventListener('focusin', enter);
      element.removeEventListener('focusout', leave);
    };
  };
}
