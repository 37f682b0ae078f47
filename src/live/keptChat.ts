import { emptyChat, type Chat } from '../chat/chat';
import type { Message } from '../chat/message';
import type { Entry } from './entry';

/**
 * The commentary as an ordinary conversation: the standing question, answered by the remarks with their times, and each
 * question in between with its answer, which later remarks follow.
 */
export function keptChat(entries: readonly Entry[], question: string, timeOf: (entry: Entry) => string): Chat {
  const chat = emptyChat();
  const turns: { question: string; lines: string[] }[] = [];
  for (const entry of entries) {
    if (entry.asked !== null) turns.push({ question: entry.asked, lines: [entry.text] });
    else {
      if (turns.length === 0) turns.push({ question, lines: [] });
      turns.at(-1)!.lines.push(`**${timeOf(entry)}** ${entry.text}`);
    }
  }
  chat.messages = turns.flatMap(({ question, lines }, i): Message[] => {
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
      },
    ];
  });
  chat.leafId = chat.messages.at(-1)?.id ?? null;
  return chat;
}
