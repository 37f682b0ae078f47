import type { ChatMessage } from '../engine/api';
import type { Entry } from './entry';

/** The longest commentary that goes into a prompt, in characters: about 500 words, or twice as many tokens at most. */
const MOST_CHARACTERS = 2000;

/** Words around the commentary, in the reader's language. */
export interface PromptWords {
  /** Above the commentary. */
  before: string;
  /** Behind it, about the frame; '' where there is none. */
  now: string;
}

/** The standing question about one frame, given by its address. */
export function remarkMessages(question: string, frame: string): ChatMessage[] {
  return [message(question, frame)];
}

/** A question in between: the commentary so far with its times, the current frame where there is one, and the question. */
export function questionMessages(
  question: string,
  frame: string | null,
  commentary: readonly string[],
  words: PromptWords,
): ChatMessage[] {
  const seen = commentary.length === 0 ? [] : [[words.before, ...commentary].join('\n')];
  const now = frame === null || seen.length === 0 ? [] : [words.now];
  return [message([...seen, ...now, question].join('\n\n'), frame)];
}

/** Lines of what was said last, oldest first, each with its time, as many as there is room for. */
export function recentLines(entries: readonly Entry[], timeOf: (entry: Entry) => string): string[] {
  const lines: string[] = [];
  let room = MOST_CHARACTERS;
  for (const entry of entries.toReversed()) {
    if (entry.text === '' || entry.state === 'writing') continue;
    const asked = entry.asked === null ? '' : `${entry.asked} → `;
    const line = `${timeOf(entry)} ${asked}${entry.text}`.replace(/\s+/g, ' ');
    room -= line.length + 1;
    if (room < 0) break;
    lines.unshift(line);
  }
  return lines;
}

function message(text: string, frame: string | null): ChatMessage {
  if (frame === null) return { role: 'user', content: text };
  const picture = { type: 'image_url', image_url: { url: frame } } as const;
  return { role: 'user', content: [picture, { type: 'text', text }] };
}
