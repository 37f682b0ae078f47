import { HTML_LANG } from '../i18n/language';
import type { Settings } from './settings.svelte';

/** Carries language and theme over to the document: <html lang>, the title, the colours and the browser's own bars. */
export function showSettings({ language, text, theme }: Settings): void {
  const root = document.documentElement;
  root.lang = HTML_LANG[language];
  root.dataset.theme = theme;
  document.title = text.app.title;
  const paper = getComputedStyle(root).backgroundColor;
  for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) bar.content = paper;
}
