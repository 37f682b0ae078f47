import type { ScreenName } from './route.svelte';

/**
 * Runs before anything is drawn, so that who has chosen a theme or a size of text never sees another one flash up, and
 * everybody reads the first words in their own language. A script of its own that holds up the page: it imports nothing,
 * and settings.svelte.ts takes over once the page has started.
 */
{
  const root = document.documentElement;
  const chosen = (name: string) => {
    try {
      return localStorage.getItem(`minicpm.${name}`);
    } catch {
      // Storage is blocked: nothing was chosen for longer than a visit.
      return null;
    }
  };
  for (const name of ['theme', 'textSize', 'motion']) {
    const value = chosen(name);
    if (value !== null) root.dataset[name] = value;
  }

  // As in i18n/language.ts.
  const tags = [chosen('language') ?? '', ...navigator.languages].map((tag) => tag.toLowerCase().split('-')[0]);
  const language = tags.find((tag) => tag === 'zh' || tag === 'en') === 'zh' ? 'zh' : 'en';
  if (language === 'zh') root.lang = 'zh-Hans';

  // The page will ask for its texts, whose address the build has noted here, once its script has come.
  const address = document.currentScript?.dataset[language];
  if (address !== undefined) {
    const texts = document.createElement('link');
    texts.rel = 'modulepreload';
    texts.href = address;
    document.head.append(texts);
  }

  // index.html says it where the page's script does not come, or cannot start: 'startfailed' is main.ts.
  const sayItFailed = () => {
    root.dataset.start = 'failed';
    for (const button of document.querySelectorAll<HTMLElement>('.start-failed button'))
      button.onclick = () => location.reload();
  };
  addEventListener('startfailed', sayItFailed);
  addEventListener('error', ({ target }) => target instanceof HTMLScriptElement && sayItFailed(), true);

  const screens: Record<ScreenName, true> = {
    benchmark: true,
    device: true,
    live: true,
    settings: true,
    storage: true,
  };
  if (Object.hasOwn(screens, location.hash.slice(1))) root.dataset.opens = 'screen';
}
