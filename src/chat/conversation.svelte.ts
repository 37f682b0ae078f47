import type { ChatCompletionChunk, ChatMessage, ContextOverflow, FinishReason, Usage } from '../engine/api';
import { failureOf, type Failure } from '../engine/failure';

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
  /** What the answer was too long for, where it was cut off. */
  cutOffBy: 'limit' | 'context' | null;
  /** True where the model has forgotten messages to make room for this answer. */
  hasForgotten: boolean;
  usage: Usage | null;
  failure: Failure | null;
}

export type Message = UserMessage | AssistantMessage;

/** Streams the answer to the messages so far. */
export type Answer = (
  messages: ChatMessage[],
  contextOverflow: ContextOverflow,
  signal: AbortSignal,
) => Promise<AsyncIterable<ChatCompletionChunk>>;

/**
 * How the context was found too small: a message was refused, by the length of the conversation or by its own, or the
 * answer before has filled it.
 */
export type Overflow = 'refused' | 'tooLong' | 'filled';

/** One conversation: its messages, and at most one answer being written. */
export class Conversation {
  messages = $state<Message[]>([]);
  /** What is typed and not yet sent. It outlives the input field, which is gone while a model is opened. */
  draft = $state('');
  /** The answer being written, or null. */
  readonly streaming = $derived(this.messages.find((message) => isStreaming(message)) ?? null);
  /** The first message that the model saw when it answered last; null where it saw all of them. */
  firstSeenId = $state<number | null>(null);
  #overflow = $state<Overflow | null>(null);
  /** True where the reader has decided so for this conversation. */
  #forgets = $state(false);
  /** What keeps the conversation from going on until the reader does something about it, or null. */
  readonly overflow = $derived.by(() =>
    this.#overflow !== 'tooLong' && this.#contextOverflow === 'drop_oldest' ? null : this.#overflow,
  );

  readonly #answer: Answer;
  readonly #preference: () => ContextOverflow;
  #abort: AbortController | null = null;
  #nextId = 0;
  /** Repeats what was refused. */
  #repeat: () => Promise<void> = async () => undefined;

  /** `preference` tells what the reader wants to become of conversations that outgrow the context. */
  constructor(answer: Answer, preference: () => ContextOverflow) {
    this.#answer = answer;
    this.#preference = preference;
  }

  /**
   * Adds the reader's message and writes an answer. Does nothing while an answer is being written. Where the context has
   * no room for the message, it becomes the draft again.
   */
  async send(text: string): Promise<void> {
    const trimmed = text.trim();
    if (trimmed === '' || this.streaming) return;
    const before = [...this.messages];
    this.messages.push({ id: this.#nextId++, role: 'user', text: trimmed });
    if (await this.#writeAnswer()) return;
    this.messages = before;
    this.draft = this.draft.trim() === '' ? trimmed : `${trimmed}\n${this.draft}`;
    this.#repeat = () => {
      const { draft } = this;
      this.draft = '';
      return this.send(draft);
    };
  }

  /** Writes the last answer anew. Where the context has no room for that, the answer stays. */
  async regenerate(): Promise<void> {
    if (this.streaming || this.messages.at(-1)?.role !== 'assistant') return;
    const before = [...this.messages];
    this.messages.pop();
    if (await this.#writeAnswer()) return;
    this.messages = before;
    this.#repeat = () => this.regenerate();
  }

  /** From here on the oldest messages are forgotten where the context is too small. What was refused is done now. */
  async forgetOldest(): Promise<void> {
    const wasRefused = this.#overflow === 'refused';
    this.#forgets = true;
    this.#overflow = null;
    if (wasRefused) await this.#repeat();
  }

  /** Ends the answer being written; what was written stays. */
  stop(): void {
    this.#abort?.abort();
  }

  newChat(): void {
    this.stop();
    this.messages = [];
    this.firstSeenId = null;
    this.#overflow = null;
    this.#forgets = false;
  }

  get #contextOverflow(): ContextOverflow {
    return this.#forgets ? 'drop_oldest' : this.#preference();
  }

  /** False where the context has no room for the messages: `overflow` then says so, and the caller takes them back. */
  async #writeAnswer(): Promise<boolean> {
    const history = usableMessages(this.messages);
    const abort = new AbortController();
    this.#abort = abort;
    this.#overflow = null;
    const contextOverflow = this.#contextOverflow;
    const answer = newAnswer(this.#nextId++);
    this.messages.push(answer);
    let finish: FinishReason | null = null;
    try {
      for await (const chunk of await this.#answer(history.map(chatMessage), contextOverflow, abort.signal)) {
        const choice = chunk.choices[0];
        answer.text += choice?.delta.content ?? '';
        finish = choice?.finish_reason ?? finish;
        if (chunk.usage) answer.usage = chunk.usage;
      }
      answer.state = finish === 'aborted' ? 'stopped' : 'done';
      if (!this.messages.includes(answer)) return true;
      if (finish === 'length') answer.cutOffBy = answer.usage?.context_full ? 'context' : 'limit';
      if (answer.cutOffBy === 'context') this.#overflow = 'filled';
      this.#noteForgotten(answer, history);
    } catch (error) {
      if (abort.signal.aborted) {
        answer.state = 'stopped';
        return true;
      }
      const failure = failureOf(error);
      if (failure.name === 'ContextFullError') {
        const hasOlder = history.filter(({ role }) => role === 'user').length > 1;
        this.#overflow = hasOlder && contextOverflow === 'stop' ? 'refused' : 'tooLong';
        return false;
      }
      answer.failure = failure;
      answer.state = 'error';
    }
    return true;
  }

  #noteForgotten(answer: AssistantMessage, history: Message[]): void {
    const dropped = answer.usage?.dropped_messages ?? 0;
    const firstSeenId = dropped > 0 ? history[dropped]!.id : null;
    answer.hasForgotten = firstSeenId !== null && firstSeenId !== this.firstSeenId;
    this.firstSeenId = firstSeenId;
  }
}

/** Reactive itself: writing to a plain object that was pushed into a reactive list would go unnoticed. */
function newAnswer(id: number): AssistantMessage {
  const answer: AssistantMessage = $state({
    id,
    role: 'assistant',
    text: '',
    state: 'streaming',
    cutOffBy: null,
    hasForgotten: false,
    usage: null,
    failure: null,
  });
  return answer;
}

function isStreaming(message: Message): message is AssistantMessage {
  return message.role === 'assistant' && message.state === 'streaming';
}

/** The conversation as the model gets it. Failed and empty answers are left out, with the question that got none. */
function usableMessages(messages: readonly Message[]): Message[] {
  return messages.filter((message, i) => {
    const next = messages[i + 1];
    const isUnanswered = next?.role === 'assistant' && !isUsable(next);
    return message.role === 'user' ? !isUnanswered : isUsable(message);
  });
}

function isUsable(answer: AssistantMessage): boolean {
  return answer.text !== '' && answer.state !== 'error';
}

function chatMessage({ role, text }: Message): ChatMessage {
  return { role, content: text };
}
