/** Attachment: moves the focus to an element that has taken the place of the focused one. */
export function focusOnMount(element: HTMLElement): void {
  element.focus({ preventScroll: true });
}
