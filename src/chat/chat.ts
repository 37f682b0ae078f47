import type { SamplingOptions } from '../engine/api';
import { randomId } from '../engine/randomId';
import type { Picture } from '../pictures/picture';
import { framesOf, picturesOf, type Message } from './message';

/** A conversation as it is kept. */
export interface Chat {
  id: string;
  /** As the reader named it; '' where its first question names it. */
  name: string;
  isPinned: boolean;
  /** In milliseconds since 1970. */
  createdAt: number;
  updatedAt: number;
  /** What the model is told before the conversation; '' for nothing. */
  instructions: string;
  /** Where the reader differs from the authors' defaults. */
  sampling: ChatSampling;
  /** True where the model is to think before it answers. */
  thinks?: boolean;
  /** The stored model that answered first, or was chosen since; absent before. */
  model?: ChatModel;
  /** What is typed and not yet sent. */
  draft: string;
  /** What the draft shows, where it shows any. */
  draftPictures?: Picture[];
  /** Every branch, in the order of writing. */
  messages: Message[];
  /** The last message of the branch that is shown; null for an empty conversation. */
  leafId: number | null;
  /** The first message that the model saw when it answered last; null where it saw all of them. */
  firstSeenId: number | null;
  /** True where the reader lets the oldest messages be forgotten in this conversation. */
  forgets: boolean;
}

export type ChatSampling = Pick<
  SamplingOptions,
  'temperature' | 'top_p' | 'top_k' | 'repetition_penalty' | 'max_tokens'
>;

/** A model as a conversation remembers it, also where it was deleted since. */
export interface ChatModel {
  id: string;
  name: string;
}

/** What the reader sets for one conversation. */
export type ChatSettings = Pick<Chat, 'instructions' | 'sampling' | 'thinks' | 'model'>;

/** What a list of conversations shows. */
export type ChatSummary = Pick<Chat, 'id' | 'isPinned' | 'updatedAt'> & {
  title: string;
};

const TITLE_CHARACTERS = 80;

export function emptyChat(now = Date.now()): Chat {
  return {
    id: randomId(),
    name: '',
    isPinned: false,
    createdAt: now,
    updatedAt: now,
    instructions: '',
    sampling: {},
    draft: '',
    messages: [],
    leafId: null,
    firstSeenId: null,
    forgets: false,
  };
}

export function summaryOf(chat: Chat): ChatSummary {
  const { id, isPinned, updatedAt } = chat;
  return { id, isPinned, updatedAt, title: titleOf(chat) };
}

/** Whether there is nothing in a conversation that is worth keeping. */
export function isBlank(chat: Chat): boolean {
  const { messages, draft, draftPictures = [], instructions } = chat;
  return messages.length + draftPictures.length === 0 && draft.trim() === '' && instructions.trim() === '';
}

/** Every picture of a conversation, on every branch, whoever sees it. */
export function picturesIn({ draftPictures = [], messages }: Pick<Chat, 'draftPictures' | 'messages'>): Picture[] {
  return [...draftPictures, ...messages.flatMap((message) => [...picturesOf(message), ...framesOf(message)])];
}

/**
 * The given name, else the first line of the first question, else of what is typed, else of the instructions, else the name
 * of the picture that is to be sent; '' for an empty conversation.
 */
export function titleOf({
  name,
  messages,
  draft,
  draftPictures,
  instructions,
}: Pick<Chat, 'name' | 'messages' | 'draft' | 'draftPictures' | 'instructions'>): string {
  if (name !== '') return name;
  const asked = messages.find(({ role }) => role === 'user')?.text;
  const words = asked ?? (draft.trim() || instructions.trim() || (draftPictures?.[0]?.name ?? ''));
  const line = words.split('\n', 1)[0]!;
  const characters = Array.from(line);
  return characters.length <= TITLE_CHARACTERS ? line : `${characters.slice(0, TITLE_CHARACTERS - 1).join('')}…`;
}
