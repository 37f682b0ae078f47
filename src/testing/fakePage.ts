import { vi } from 'vitest';

/** Gives a test the `document` and `window` of a page that it can hide, freeze and take away. Undone by vi.unstubAllGlobals. */
export function fakePage(visibilityState: DocumentVisibilityState) {
  const document = Object.assign(new EventTarget(), { visibilityState });
  const window = new EventTarget();
  vi.stubGlobal('document', document);
  vi.stubGlobal('window', window);
  return {
    show(state: DocumentVisibilityState) {
      document.visibilityState = state;
      document.dispatchEvent(new Event('visibilitychange'));
    },
    freeze: () => document.dispatchEvent(new Event('freeze')),
    hide: () => window.dispatchEvent(new Event('pagehide')),
  };
}
