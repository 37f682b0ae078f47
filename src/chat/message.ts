import type { Usage } from '../engine/api';
import type { Failure } from '../engine/failure';

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

/** True for an answer that the reader may want to be longer: it was stopped, interrupted, cut off or failed midway. */
export function canGoOn(message: Message): message is AssistantMessage {
  return (
    message.role === 'assistant' &&
    message.text !== '' &&
    (['stopped', 'error'].includes(message.state) || message.cutOffBy === 'limit')
  );
}
