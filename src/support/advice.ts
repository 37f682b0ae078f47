import type { Dictionary } from '../i18n/en';
import type { EngineErrorName } from '../engine/api';
import type { MISSING_TOKENIZER } from '../engine/failure';
import type { MISSING_PICTURE } from '../pictures/pictures.svelte';

/** What the reader can do about an error with one press. */
export type Action = 'retry' | 'reloadModel' | 'removeModel' | 'repairModel';

export interface Advice {
  sentence: keyof Dictionary['errors'];
  action: Action | null;
}

/** A stop is no failure, and what becomes of a full context is part of the conversation. */
type Failing =
  Exclude<EngineErrorName, 'AbortError' | 'ContextFullError'> | typeof MISSING_TOKENIZER | typeof MISSING_PICTURE;

const ACTIONS: Record<Failing, Action | null> = {
  UnsupportedError: null,
  InvalidFileError: null,
  ModelNotFoundError: null,
  ModelCorruptError: 'repairModel',
  ModelInUseError: null,
  MissingTokenizerError: null,
  MissingPictureError: null,
  NetworkError: 'retry',
  SourceChangedError: 'retry',
  StorageFullError: 'retry',
  OutOfMemoryError: 'retry',
  DeviceLostError: 'reloadModel',
};

/** The sentence and the action for an error of this name; `detail` tells an outdated copy from a damaged one. */
export function adviceFor(name: string, detail: string): Advice {
  if (!isKnown(name)) return { sentence: 'unknown', action: 'retry' };
  // What a site keeps for people that it knows is no matter of the connection.
  if (name === 'NetworkError' && /status (401|403)\b/.test(detail))
    return { sentence: 'accessDenied', action: 'retry' };
  const isOutdated = name === 'ModelCorruptError' && detail.includes('another version of this app');
  return isOutdated ? { sentence: 'otherVersion', action: 'removeModel' } : { sentence: name, action: ACTIONS[name] };
}

function isKnown(name: string): name is keyof typeof ACTIONS {
  return Object.hasOwn(ACTIONS, name);
}
