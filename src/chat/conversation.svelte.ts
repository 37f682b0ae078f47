import type { ChatCompletionChunk, ChatMessage, FinishReason, Usage } from '../engine/api';
import { failureOf, type Failure } from '../engine/engine.svelte';

export interface UserMessage {
  id: number;
  role: 'user';
  text: string;
}

export interface AssistantMessage {
  id: number;
  role: 'assistant';
  text: string;
  state: 'streaming' | 'done' | 'stopped' | 'error';
  /** True where the answer ended because it reached its greatest length. */
  wasCutOff: boolean;
  usage: Usage | null;
  failure: Failure | null;
}

export type Message = UserMessage | AssistantMessage;

/** Streams the answer to the messages so far. */
export type Answer = (messages: ChatMessage[], signal: AbortSignal) => Promise<AsyncIterable<ChatCompletionChunk>>;

/** One conversation: its messages, and at most one answer being written. */
export class Conversation {
  messages = $state<Message[]>([]);
  /** What is typed and not yet sent. It outlives the input field, which is gone while a model is opened. */
  draft = $state('');
  /** The answer being written, or null. */
  readonly streaming = $derived(this.messages.find((message) => isStreaming(message)) ?? null);

  readonly #answer: Answer;
  #abort: AbortController | null = null;
  #nextId = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** Adds the reader's message and writes an answer. Does nothing while an answer is being written. */
  async send(text: string): Promise<void> {
    const trimmed = text.trim();
    if (trimmed === '' || this.streaming) return;
    this.messages.push({ id: this.#nextId++, role: 'user', text: trimmed });
    await this.#writeAnswer();
  }

  /** Writes the last answer anew. */
  async regenerate(): Promise<void> {
    if (this.streaming || this.messages.at(-1)?.role !== 'assistant') return;
    this.messages.pop();
    await this.#writeAnswer();
  }

  /** Ends the answer being written; what was written stays. */
  stop(): void {
    this.#abort?.abort();
  }

  newChat(): void {
    this.stop();
    this.messages = [];
  }

  async #writeAnswer(): Promise<void> {
    const history = chatMessages(this.messages);
    const abort = new AbortController();
    this.#abort = abort;
    const answer = newAnswer(this.#nextId++);
    this.messages.push(answer);
    let finish: FinishReason | null = null;
    try {
      for await (const chunk of await this.#answer(history, abort.signal)) {
        const choice = chunk.choices[0];
        answer.text += choice?.delta.content ?? '';
        finish = choice?.finish_reason ?? finish;
        if (chunk.usage) answer.usage = chunk.usage;
      }
      answer.wasCutOff = finish === 'length';
      answer.state = finish === 'aborted' ? 'stopped' : 'done';
    } catch (error) {
      if (abort.signal.aborted) {
        answer.state = 'stopped';
      } else {
        answer.failure = failureOf(error);
        answer.state = 'error';
      }
    }
  }
}

/** Reactive itself: writing to a plain object that was pushed into a reactive list would go unnoticed. */
function newAnswer(id: number): AssistantMessage {
  const answer: AssistantMessage = $state({
    id,
    role: 'assistant',
    text: '',
    state: 'streaming',
    wasCutOff: false,
    usage: null,
    failure: null,
  });
  return answer;
}

function isStreaming(message: Message): message is AssistantMessage {
  return message.role === 'assistant' && message.state === 'streaming';
}

/** The conversation as the model gets it. Failed and empty answers are left out, with the question that got none. */
export function chatMessages(messages: readonly Message[]): ChatMessage[] {
  return messages.flatMap((message, i): ChatMessage[] => {
    const next = messages[i + 1];
    const isUnanswered = next?.role === 'assistant' && !isUsable(next);
    if (message.role === 'user') return isUnanswered ? [] : [{ role: 'user', content: message.text }];
    return isUsable(message) ? [{ role: 'assistant', content: message.text }] : [];
  });
}

function isUsable(answer: AssistantMessage): boolean {
  return answer.text !== '' && answer.state !== 'error';
}
