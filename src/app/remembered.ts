/** What the page remembers between visits, besides the models. A browser that refuses storage costs only comfort. */
type Key =
  | 'language'
  | 'theme'
  | 'lastModelId'
  | 'contextOverflow'
  | 'openChatId'
  | 'underWay'
  | 'crashes'
  | 'modelSource'
  | 'ownSource'
  | 'hubTokens'
  | 'acceptedLicences'
  | 'modelContexts'
  | 'downloadSpeed';

/** localStorage belongs to an origin, which other apps may share. */
const stored = (key: Key) => `minicpm.${key}`;

export function recall(key: Key): string | null {
  try {
    return localStorage.getItem(stored(key));
  } catch {
    return null;
  }
}

/** Keeps `value` under `key`; null forgets it. */
export function remember(key: Key, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(stored(key));
    else localStorage.setItem(stored(key), value);
  } catch {
    // Storage is blocked or full: the setting holds until the page is closed.
  }
}
