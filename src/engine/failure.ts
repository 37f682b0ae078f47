import { missingFiles, storageShortage } from '../../workers/errors';
import type { SeatHolder } from './modelSeat';

/** An error as the page shows it: `name` picks the sentence, `detail` is the small print. */
export interface Failure {
  name: string;
  detail: string;
  /** The stored model it is about, where there is one. */
  modelId?: string;
  /** Of a StorageFullError: the room that is needed, and what is left where the browser tells. */
  shortage?: { neededBytes: number; freeBytes: number | null };
  /** Of an InvalidFileError: the files of the model that were not chosen, where it is about those. */
  missing?: string[];
  /** Of an OtherTabError: what that tab shows, where it says so. */
  holder?: SeatHolder | null;
}

export function failureOf(error: unknown, modelId?: string): Failure {
  if (!(error instanceof Error)) return { name: '', detail: String(error) };
  const shortage = error.name === 'StorageFullError' ? storageShortage(error.message) : null;
  const missing = error.name === 'InvalidFileError' ? missingFiles(error.message) : null;
  return {
    name: error.name,
    detail: error.message,
    ...(modelId !== undefined && { modelId }),
    ...(shortage && { shortage }),
    ...(missing && { missing }),
    ...('holder' in error && { holder: error.holder as SeatHolder | null }),
  };
}

/** The name of the page's own error: models that take token ids only are of no use in a conversation. */
export const MISSING_TOKENIZER = 'MissingTokenizerError';

/** The names of the page's own for a model that is in another tab, or was taken over by one. */
export const OTHER_TAB = 'OtherTabError';
export const TAKEN_OVER = 'TakenOverError';

/** `holder` is what the other tab says of itself, where it says something. */
export function otherTab(holder: SeatHolder | null): Error {
  return Object.assign(new Error('another tab has a model in memory'), { name: OTHER_TAB, holder });
}

export function missingTokenizer(id: string): Error {
  return Object.assign(new Error(`"${id}" has no tokenizer`), { name: MISSING_TOKENIZER });
}
