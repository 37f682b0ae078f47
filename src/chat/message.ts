import type { Usage } from '../engine/api';
import type { Failure } from '../engine/failure';
import type { Picture } from '../pictures/picture';

/** What messages of both sides have. Messages of a conversation form a tree: editing and answering anew add a branch. */
interface MessageInTree {
  /** Unique within the conversation; later messages have larger ids. */
  id: number;
  /** The message before it; null for one that begins the conversation. */
  parentId: number | null;
  text: string;
}

export interface UserMessage extends MessageInTree {
  role: 'user';
  /** What it shows, where it shows any. */
  pictures?: Picture[];
}

export interface AssistantMessage extends MessageInTree {
  role: 'assistant';
  state: 'streaming' | 'done' | 'stopped' | 'error';
  /** What the answer was too long for, where it was cut off. */
  cutOffBy: 'limit' | 'context' | null;
  /** True where the model has forgotten messages to make room for this answer. */
  hasForgotten: boolean;
  usage: Usage | null;
  failure: Failure | null;
}

export type Message = UserMessage | AssistantMessage;

/** The pictures that a message shows. */
export function picturesOf(message: Message): Picture[] {
  return (message.role === 'user' && message.pictures) || [];
}

/** True for an answer that the reader may want to be longer: it was stopped, interrupted or cut off. */
export function canGoOn(message: Message): message is AssistantMessage {
  return (
    message.role === 'assistant' && message.text !== '' && (message.state === 'stopped' || message.cutOffBy === 'limit')
  );
}
