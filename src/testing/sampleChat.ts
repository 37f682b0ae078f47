import { emptyChat, type Chat } from '../chat/chat';
import type { AssistantMessage, Message } from '../chat/message';
import type { Picture } from '../pictures/picture';

/** A conversation of questions and answers in turn, on one branch. */
export function sampleChat(texts: readonly string[], changes: Partial<Chat> = {}): Chat {
  const messages = texts.map((text, id): Message => {
    const inTree = { id, parentId: id === 0 ? null : id - 1, text };
    return id % 2 === 0 ? { ...inTree, role: 'user' } : sampleAnswer(inTree);
  });
  return { ...emptyChat(), messages, leafId: messages.length === 0 ? null : messages.length - 1, ...changes };
}

export function sampleAnswer(message: Pick<AssistantMessage, 'id' | 'parentId' | 'text'>): AssistantMessage {
  return {
    role: 'assistant',
    state: 'done',
    cutOffBy: null,
    hasForgotten: false,
    usage: {
      prompt_tokens: 5,
      completion_tokens: 2,
      total_tokens: 7,
      cached_tokens: 3,
      dropped_messages: 0,
      context_full: false,
      first_token_seconds: null,
      prefill_seconds: 0.1,
      decode_seconds: 0.2,
      tokens_per_second: 10,
    },
    failure: null,
    ...message,
  };
}

export function samplePicture(id: string, changes: Partial<Picture> = {}): Picture {
  return { id, name: `${id}.png`, type: 'image/png', width: 640, height: 480, maxSlices: null, ...changes };
}

/** Bytes that tell of which picture they are. */
export function sampleBytes(text: string): ArrayBuffer {
  return new TextEncoder().encode(text).buffer;
}
