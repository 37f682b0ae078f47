/** Why a file is not taken, or why what is shown cannot be sent. Each has a sentence in the dictionaries. */
export type ProblemName =
  | 'notPicture'
  | 'damaged'
  | 'unreadable'
  | 'tooLarge'
  | 'tooHeavy'
  | 'tooNarrow'
  | 'failed'
  | 'cannotSee'
  | 'onlyOne'
  | 'notFetched';

export interface PictureProblem {
  name: ProblemName;
  /** The file it is about; '' for none. */
  file: string;
}

/** Bytes of the largest file that is taken: above any photo, and little enough to be held in memory a few times. */
export const MOST_BYTES = 64_000_000;

/** What the engine's refusal of a file means to the reader. Its small print tells cases of one error name apart. */
export function problemOf(error: unknown): ProblemName {
  if (!(error instanceof Error)) return 'failed';
  if (error.message.includes('too long and narrow')) return 'tooNarrow';
  if (error.name !== 'InvalidFileError') return 'failed';
  if (error.message.includes('is no picture')) return 'notPicture';
  if (error.message.includes('at most')) return 'tooLarge';
  return error.message.includes('does not read the format') ? 'unreadable' : 'damaged';
}
