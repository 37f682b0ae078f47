import { emptyChat, type Chat } from '../chat/chat';
import type { Message } from '../chat/message';
import type { Picture } from '../pictures/picture';
import type { Entry } from './entry';

/**
 * The commentary as an ordinary conversation: the standing question, answered by the remarks with their times, and each
 * question in between with its answer, which later remarks follow. `frames` has the pictures of entries by their ids.
 */
export function keptChat(
  entries: readonly Entry[],
  question: string,
  timeOf: (entry: Entry) => string,
  frames: ReadonlyMap<number, Picture>,
): Chat {
  const chat = emptyChat();
  const turns: { question: string; lines: string[]; frames: Picture[] }[] = [];
  for (const entry of entries) {
    if (entry.asked !== null) turns.push({ question: entry.asked, lines: [entry.text], frames: [] });
    else {
      if (turns.length === 0) turns.push({ question, lines: [], frames: [] });
      turns.at(-1)!.lines.push(`**${timeOf(entry)}** ${entry.text}`);
    }
    const frame = frames.get(entry.id);
    if (frame) turns.at(-1)!.frames.push(frame);
  }
  chat.messages = turns.flatMap(({ question, lines, frames }, i): Message[] => {
    const id = 2 * i;
    return [
      { id, parentId: i === 0 ? null : id - 1, role: 'user', text: question },
      {
        id: id + 1,
        parentId: id,
        role: 'assistant',
        text: lines.join('\n\n'),
        state: 'done',
        cutOffBy: null,
        hasForgotten: false,
        usage: null,
        failure: null,
        ...(frames.length > 0 && { frames }),
      },
    ];
  });
  chat.leafId = chat.messages.at(-1)?.id ?? null;
  return chat;
}
