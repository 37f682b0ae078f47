import { titleOf, type Chat } from '../chat/chat';
import { wordsOf } from './foundWords';

/** What is searched of a conversation. */
export interface SearchText {
  id: string;
  isPinned: boolean;
  updatedAt: number;
  /** In lower case. */
  title: string;
  /** `lower` is `text` in lower case: made once, and not for each letter that is typed. */
  messages: { id: number; text: string; lower: string }[];
}

export interface SearchHit {
  id: string;
  isPinned: boolean;
  /** The first message that holds the first word found in a message; null where the title alone holds all of them. */
  messageId: number | null;
  /** Some words around it. */
  excerpt: string;
}

const EXCERPT_BEFORE = 24;
const EXCERPT_LENGTH = 96;

/** Messages of every branch are searched. */
export function searchTextOf(chat: Chat): SearchText {
  return {
    id: chat.id,
    isPinned: chat.isPinned,
    updatedAt: chat.updatedAt,
    title: titleOf(chat).toLowerCase(),
    messages: chat.messages.map(({ id, text }) => ({ id, text, lower: text.toLowerCase() })),
  };
}

/** Conversations whose title and messages hold every word of `query`, in the order of the list: pinned ones first, then the latest. */
export function searchChats(texts: Iterable<SearchText>, query: string): SearchHit[] {
  const words = wordsOf(query);
  if (words.length === 0) return [];
  const hits: (SearchHit & { updatedAt: number })[] = [];
  for (const text of texts) {
    const hit = hitIn(text, words);
    if (hit) hits.push({ ...hit, updatedAt: text.updatedAt });
  }
  hits.sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || b.updatedAt - a.updatedAt);
  return hits.map(({ updatedAt: _, ...hit }) => hit);
}

function hitIn({ id, isPinned, title, messages }: SearchText, words: readonly string[]): SearchHit | null {
  const missing = words.filter((word) => !title.includes(word));
  let found: { messageId: number; excerpt: string } | null = null;
  for (const { id: messageId, text, lower } of messages) {
    const word = words.find((candidate) => lower.includes(candidate));
    if (word === undefined) continue;
    found ??= { messageId, excerpt: excerptAround(text, lower.indexOf(word)) };
    for (let i = missing.length - 1; i >= 0; i--) if (lower.includes(missing[i]!)) missing.splice(i, 1);
    if (missing.length === 0) break;
  }
  if (missing.length > 0) return null;
  return { id, isPinned, ...(found ?? { messageId: null, excerpt: '' }) };
}

function excerptAround(text: string, position: number): string {
  const start = Math.max(0, position - EXCERPT_BEFORE);
  const cut = text.slice(start, start + EXCERPT_LENGTH);
  // Of a character of two code units, half may be left at either end.
  const excerpt = cut.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '').replace(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${excerpt}${start + EXCERPT_LENGTH < text.length ? '…' : ''}`;
}
