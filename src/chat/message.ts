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

/** What a model thought before it answered. */
export interface Thought {
  /** As it was written, with the line breaks around it. */
  text: string;
  /** How long it took. */
  seconds: number;
}

export interface AssistantMessage extends MessageInTree {
  role: 'assistant';
  /** Not part of the answer: neither copied with it nor shown to the model again. Absent where there was none. */
  thought?: Thought;
  state: 'streaming' | 'done' | 'stopped' | 'error';
  /** What the answer was too long for, where it was cut off. */
  cutOffBy: 'limit' | 'context' | null;
  /** True where the model has forgotten messages to make room for this answer. */
  hasForgotten: boolean;
  usage: Usage | null;
  failure: Failure | null;
  /** Small pictures of what a live commentary tells of, named by their times. The reader sees them, the model does not. */
  frames?: Picture[];
}

export type Message = UserMessage | AssistantMessage;

/** The pictures that a message shows the model. */
export function picturesOf(message: Message): Picture[] {
  return (message.role === 'user' && message.pictures) || [];
}

/** The pictures that only the reader is shown with a message. */
export function framesOf(message: Message): Picture[] {
  return (message.role === 'assistant' && message.frames) || [];
}

/** True for an answer that the reader may want to be longer: it was stopped, interrupted, cut off or failed midway. */
export function canGoOn(message: Message): message is AssistantMessage {
  return (
    message.role === 'assistant' &&
    isBegun(message) &&
    (['stopped', 'error'].includes(message.state) || message.cutOffBy === 'limit')
  );
}

/** True while a thought is being written, and the answer not yet. */
export function isThinking({ state, text, thought }: AssistantMessage): boolean {
  return state === 'streaming' && text === '' && thought !== undefined;
}

/** True where something is written that can be gone on with. */
export function isBegun({ text, thought }: AssistantMessage): boolean {
  return text !== '' || thought !== undefined;
}

/** What a message is called in the page, to be scrolled to. */
export function messageElementId(id: number): string {
  return `message-${id}`;
}
