import { titleOf, type Chat } from '../chat/chat';
import { framesOf, picturesOf, type Message } from '../chat/message';
import { branchTo } from '../chat/messageTree';
import { fill } from '../i18n/fill';

/** What the document calls its parts. */
export interface MarkdownLabels {
  you: string;
  assistant: string;
  thought: string;
  /** With {count}. */
  frames: string;
}

/**
 * One conversation as a Markdown document: the branch that is shown, a heading for each message, thoughts as quotes.
 * Pictures are named, and those of a commentary counted: their times stand in its text.
 */
export function chatMarkdown(chat: Chat, labels: MarkdownLabels): string {
  const instructions = chat.instructions.trim();
  const parts = [
    `# ${titleOf(chat).replace(/\s+/g, ' ')}`,
    ...(instructions === '' ? [] : [quoted(instructions)]),
    ...branchTo(chat.messages, chat.leafId).flatMap((message) => messageParts(message, labels)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function messageParts(message: Message, { you, assistant, thought, frames }: MarkdownLabels): string[] {
  const heading = `## ${message.role === 'user' ? you : assistant}`;
  const frameCount = framesOf(message).length;
  const thinking = message.role === 'assistant' ? (message.thought?.text.trim() ?? '') : '';
  return [
    heading,
    ...picturesOf(message).map(({ name, width, height }) => `*${name}, ${width} × ${height}*`),
    ...(thinking === '' ? [] : [quoted(`**${thought}**\n\n${withoutHeadings(thinking)}`)]),
    message.text.trim(),
    ...(frameCount === 0 ? [] : [`*${fill(frames, { count: frameCount })}*`]),
  ];
}

/** A thought is no chapter of the document. */
function withoutHeadings(text: string): string {
  return text.replace(/^(\s*)#/gm, '$1\\#');
}

function quoted(text: string): string {
  return text.replace(/^/gm, '> ');
}

/** The name of that document's file: the title without what file systems refuse. */
export function chatFileName(chat: Pick<Chat, 'name' | 'messages' | 'draft' | 'instructions'>): string {
  const title = titleOf(chat)
    .replace(/[\p{Cc}\s\\/:*?"<>|]+/gu, ' ')
    .slice(0, 60)
    .trim();
  return `${title || 'chat'}.md`;
}
