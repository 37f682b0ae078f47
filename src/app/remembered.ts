/** What the page remembers between visits, besides the models. A browser that refuses storage costs only comfort. */
type Key = 'language' | 'theme' | 'lastModelId';

export function recall(key: Key): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps `value` under `key`; null forgets it. */
export function remember(key: Key, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is blocked or full: the setting holds until the page is closed.
  }
}
