import { HTML_LANG } from '../i18n/language';
import type { Settings } from './settings.svelte';

/** Carries settings over to the document: <html lang>, the title, colours, sizes, and the browser's own bars. */
export function showSettings({ language, text, theme, textSize, keepsStill }: Settings): void {
  const root = document.documentElement;
  root.lang = HTML_LANG[language];
  root.dataset.theme = theme;
  root.dataset.textSize = textSize;
  if (keepsStill) root.dataset.motion = 'reduce';
  else delete root.dataset.motion;
  document.title = text.app.title;
  const paper = getComputedStyle(root).backgroundColor;
  for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) bar.content = paper;
}
