import { storageShortage } from '../../workers/errors';

/** An error as the page shows it: `name` picks the sentence, `detail` is the small print. */
export interface Failure {
  name: string;
  detail: string;
  /** The stored model it is about, where there is one. */
  modelId?: string;
  /** Of a StorageFullError: the room that is needed, and what is left where the browser tells. */
  shortage?: { neededBytes: number; freeBytes: number | null };
}

export function failureOf(error: unknown, modelId?: string): Failure {
  if (!(error instanceof Error)) return { name: '', detail: String(error) };
  const shortage = error.name === 'StorageFullError' ? storageShortage(error.message) : null;
  return {
    name: error.name,
    detail: error.message,
    ...(modelId !== undefined && { modelId }),
    ...(shortage && { shortage }),
  };
}

/** The name of the page's own error: models that take token ids only are of no use in a conversation. */
export const MISSING_TOKENIZER = 'MissingTokenizerError';

export function missingTokenizer(id: string): Error {
  return Object.assign(new Error(`"${id}" has no tokenizer`), { name: MISSING_TOKENIZER });
}
