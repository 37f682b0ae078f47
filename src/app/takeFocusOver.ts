/**
 * Where the focus has gone with the screen `left`, the keyboard goes on at a link that leads there, or else where what is
 * shown begins.
 */
export function takeFocusOver(left: string): void {
  if (document.activeElement !== document.body) return;
  const links = [...document.querySelectorAll<HTMLElement>(`a[href="#${left}"]`)];
  const place = links.find((link) => link.getClientRects().length > 0) ?? document.getElementById('content');
  place?.focus();
}
