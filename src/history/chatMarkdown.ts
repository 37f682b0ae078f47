import { titleOf, type Chat } from '../chat/chat';
import { picturesOf } from '../chat/message';
import { branchTo } from '../chat/messageTree';

/** One conversation as a Markdown document: the branch that is shown, with `you` and `assistant` as headings. */
export function chatMarkdown(chat: Chat, { you, assistant }: { you: string; assistant: string }): string {
  const instructions = chat.instructions.trim();
  const parts = [
    `# ${titleOf(chat).replace(/\s+/g, ' ')}`,
    ...(instructions === '' ? [] : [instructions.replace(/^/gm, '> ')]),
    ...branchTo(chat.messages, chat.leafId).flatMap((message) => [
      `## ${message.role === 'user' ? you : assistant}`,
      ...picturesOf(message).map(({ name, width, height }) => `*${name}, ${width} × ${height}*`),
      message.text.trim(),
    ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The name of that document's file: the title without what file systems refuse. */
export function chatFileName(chat: Pick<Chat, 'name' | 'messages' | 'draft'>): string {
  const title = titleOf(chat)
    .replace(/[\p{Cc}\s\\/:*?"<>|]+/gu, ' ')
    .slice(0, 60)
    .trim();
  return `${title || 'chat'}.md`;
}
