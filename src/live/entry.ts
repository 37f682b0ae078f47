/** A small picture of a frame. */
export interface Thumbnail {
  /** A `data:` address of a JPEG. */
  url: string;
  /** In pixels. */
  width: number;
  height: number;
}

/** One piece of the commentary: what was said of a frame, or the answer to a question in between. */
export interface Entry {
  id: number;
  /** When its frame was seen, in milliseconds since 1970. */
  at: number;
  /** Where in a video file that was, in seconds; null for what is live. */
  position: number | null;
  /** What was asked in between; null for a remark. */
  asked: string | null;
  text: string;
  /** 'cut': a question came in between, or watching was stopped. */
  state: 'writing' | 'done' | 'cut';
  /** Null where there was no frame, or its picture was given up to save memory. */
  thumbnail: Thumbnail | null;
}

/** The time of an entry as it is shown and told to the model: of day, or in the video file. */
export function timeOf({ at, position }: Pick<Entry, 'at' | 'position'>, language: string): string {
  if (position === null) {
    const shape = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    return new Intl.DateTimeFormat(language, shape).format(at);
  }
  const minutes = Math.floor(position / 60);
  return `${minutes}:${String(Math.floor(position % 60)).padStart(2, '0')}`;
}
