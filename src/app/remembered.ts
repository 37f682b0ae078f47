/** What the page remembers between visits, besides the models. A browser that refuses storage costs only comfort. */
type Key =
  | 'language'
  | 'theme'
  | 'textSize'
  | 'motion'
  | 'dictation'
  | 'lastModelId'
  | 'contextOverflow'
  | 'openChatId'
  | 'roles'
  | 'underWay'
  | 'crashes'
  | 'modelSource'
  | 'ownSource'
  | 'hubTokens'
  | 'acceptedLicences'
  | 'modelContexts'
  | 'downloadSpeed'
  | 'lookingSpeeds'
  | 'costEntries'
  | 'sidebar'
  | 'shortcuts';

/** localStorage belongs to an origin, which other apps may share. */
const PREFIX = 'minicpm.';
const stored = (key: Key) => PREFIX + key;

export function recall(key: Key): string | null {
  try {
    return localStorage.getItem(stored(key));
  } catch {
    return null;
  }
}

/** What is kept under `key` as a record; an empty one where there is none. */
export function recallRecord(key: Key): Record<string, unknown> {
  try {
    const record: unknown = JSON.parse(recall(key) ?? '{}');
    return typeof record === 'object' && record !== null ? { ...record } : {};
  } catch {
    return {};
  }
}

/** Forgets everything that the page has remembered on this device. */
export function forgetAll(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch {
    // Where storage is blocked, nothing was remembered.
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
