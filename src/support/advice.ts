import type { Dictionary } from '../i18n/en';
import type { EngineErrorName } from '../engine/api';

/** What the reader can do about an error with one press. */
export type Action = 'retry' | 'reloadModel' | 'removeModel' | 'newChat';

export interface Advice {
  sentence: keyof Dictionary['errors'];
  action: Action | null;
}

const ACTIONS: Record<Exclude<EngineErrorName, 'AbortError'>, Action | null> = {
  UnsupportedError: null,
  InvalidFileError: null,
  ModelNotFoundError: null,
  ModelCorruptError: 'removeModel',
  NetworkError: 'retry',
  StorageFullError: 'retry',
  OutOfMemoryError: 'retry',
  DeviceLostError: 'reloadModel',
  ContextFullError: 'newChat',
};

/** The sentence and the action for an error of this name. */
export function adviceFor(name: string): Advice {
  return isKnown(name) ? { sentence: name, action: ACTIONS[name] } : { sentence: 'unknown', action: 'retry' };
}

function isKnown(name: string): name is keyof typeof ACTIONS {
  return Object.hasOwn(ACTIONS, name);
}
