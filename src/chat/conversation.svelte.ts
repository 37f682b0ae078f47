import type { ChatCompletionChunk, ChatMessage, ContextOverflow, FinishReason, PictureProgress } from '../engine/api';
import { failureOf } from '../engine/failure';
import type { Picture } from '../pictures/picture';
import { emptyChat, isBlank, picturesIn, titleOf, type Chat, type ChatSampling, type ChatSettings } from './chat';
import { isBegun, picturesOf, type AssistantMessage, type Message, type UserMessage } from './message';
import { modelMessages, usableMessages, withThought } from './modelMessages';
import { branchTo, byPlace, newestLeafBelow } from './messageTree';

/** What an answer is to be made of. */
export interface AnswerRequest {
  messages: ChatMessage[];
  contextOverflow: ContextOverflow;
  sampling: ChatSampling;
  /** The model is to think before it answers. */
  thinks: boolean;
  /** The last message is an answer that is to be written on. */
  goesOn: boolean;
  /** Told while pictures are looked at, ahead of the answer. */
  onPictures: (progress: PictureProgress) => void;
  signal: AbortSignal;
}

/** Streams an answer. */
export type Answer = (request: AnswerRequest) => Promise<AsyncIterable<ChatCompletionChunk>>;

/**
 * How the context was found too small: a message was refused, by the length of the conversation or by its own, or the
 * answer before has filled it.
 */
export type Overflow = 'refused' | 'tooLong' | 'filled';

/** One conversation: a tree of messages, one branch of which is shown, and at most one answer being written. */
export class Conversation {
  #chat = $state<Chat>(emptyChat());
  /** The branch that is shown. */
  readonly messages = $derived(branchTo(this.#chat.messages, this.#chat.leafId));
  /** Of all branches. Made once for all messages that are shown, each of which asks for its own place. */
  readonly #places = $derived(byPlace(this.#chat.messages));
  /** The answer being written, or null. */
  readonly streaming = $derived(this.messages.find((message) => isStreaming(message)) ?? null);
  #overflow = $state<Overflow | null>(null);
  /** How far the model is with the pictures that it looks at before it answers; null where it looks at none. */
  looking = $state.raw<PictureProgress | null>(null);
  /** What keeps the conversation from going on until the reader does something about it, or null. */
  readonly overflow = $derived.by(() =>
    this.#overflow !== 'tooLong' && this.#contextOverflow === 'drop_oldest' ? null : this.#overflow,
  );

  /** True where the page went away while it wrote the last answer: see `resume`. */
  wasInterrupted = $state(false);

  readonly #answer: Answer;
  readonly #preference: () => ContextOverflow;
  readonly #keep: (chat: Chat) => void;
  readonly #urlOf: (picture: Picture) => Promise<string>;
  #abort: AbortController | null = null;
  /** Repeats what was refused. */
  #repeat: () => Promise<void> = async () => undefined;

  /**
   * `preference` tells what the reader wants to become of conversations that outgrow the context. `keep` is called after
   * each change, also while an answer is being written, with the conversation itself and not with a copy. `urlOf` gives
   * the addresses of pictures that messages show.
   */
  constructor(
    answer: Answer,
    preference: () => ContextOverflow,
    keep: (chat: Chat) => void = () => undefined,
    urlOf: (picture: Picture) => Promise<string> = () => Promise.reject(new Error('no pictures are kept')),
  ) {
    this.#answer = answer;
    this.#preference = preference;
    this.#keep = keep;
    this.#urlOf = urlOf;
  }

  get id(): string {
    return this.#chat.id;
  }

  get title(): string {
    return titleOf(this.#chat);
  }

  /** See `isBlank` of chat.ts. */
  get isBlank(): boolean {
    return isBlank(this.#chat);
  }

  /** Sets what the list of conversations shows of this one. */
  label(changes: Pick<Chat, 'name'> | Pick<Chat, 'isPinned'>): void {
    this.#change(changes);
  }

  /** What the reader has set for this conversation. */
  get settings(): Readonly<ChatSettings> {
    return this.#chat;
  }

  /** Changes settings, from the next answer on. */
  configure(changes: Partial<ChatSettings>): void {
    this.#change(changes);
  }

  /** What is typed and not yet sent. */
  get draft(): string {
    return this.#chat.draft;
  }
  set draft(draft: string) {
    this.#change({ draft });
  }

  /** What the draft shows. */
  get draftPictures(): Picture[] {
    return this.#chat.draftPictures ?? [];
  }
  set draftPictures(draftPictures: Picture[]) {
    this.#change({ draftPictures });
  }

  /** Takes a picture off the draft. True where no message shows it either. */
  detach(pictureId: string): boolean {
    this.draftPictures = this.draftPictures.filter(({ id }) => id !== pictureId);
    return !picturesIn(this.#chat).some(({ id }) => id === pictureId);
  }

  /** The first message that the model saw when it answered last; null where it saw all of them. */
  get firstSeenId(): number | null {
    return this.#chat.firstSeenId;
  }

  /**
   * Adds the reader's message, with the pictures of the draft, and writes an answer. Does nothing while an answer is being written. Where the context has
   * no room for the message, it becomes the draft again.
   */
  async send(text: string): Promise<void> {
    if (text.trim() === '' || this.streaming) return;
    const pictures = this.#chat.draftPictures ?? [];
    this.#chat.draftPictures = [];
    await this.#ask(text, pictures, this.#chat.leafId);
  }

  /** Asks again in place of a message of the reader's; what followed it stays as a branch of its own. */
  async edit(message: UserMessage, text: string, pictures = picturesOf(message)): Promise<void> {
    await this.#ask(text, pictures, message.parentId);
  }

  /** Writes the last answer anew, beside the one that is there. Where the context has no room for that, that one stays. */
  async regenerate(): Promise<void> {
    const last = this.messages.at(-1);
    if (this.streaming || last?.role !== 'assistant') return;
    const chat = this.#chat;
    chat.leafId = last.parentId;
    if (await this.#writeAnswer()) return;
    chat.leafId = last.id;
    this.#repeat = () => this.regenerate();
  }

  /** Writes on where the last answer was cut off or stopped. */
  async goOn(): Promise<void> {
    const last = this.messages.at(-1);
    if (this.streaming || last?.role !== 'assistant' || !isBegun(last)) return;
    const { state, cutOffBy, failure } = last;
    if (await this.#writeOn(last)) return;
    Object.assign(last, { state, cutOffBy, failure });
    this.#repeat = () => this.goOn();
  }

  /** Goes on with the answer that the page was taken away from. */
  async resume(): Promise<void> {
    const last = this.messages.at(-1);
    if (!this.wasInterrupted || last?.role !== 'assistant') return;
    if (isBegun(last)) return this.goOn();
    if (!(await this.#writeOn(last))) last.state = 'stopped';
  }

  /** The messages that stand in the same place, oldest first: earlier wordings of a question, or other answers. */
  alternatives(message: Message): Message[] {
    return this.#places.get(message.parentId) ?? [message];
  }

  /** Shows the branch through a message that was written last. Does nothing while an answer is being written. */
  show(messageId: number): void {
    if (this.streaming) return;
    this.#change({ leafId: newestLeafBelow(this.#chat.messages, messageId) });
    this.#overflow = null;
  }

  /**
   * From here on the oldest messages are forgotten where the context is too small. What was refused is done now; where it
   * is too long even alone, nothing is forgotten for it, nor later.
   */
  async forgetOldest(): Promise<void> {
    const chat = this.#chat;
    const wasRefused = this.#overflow === 'refused';
    this.#change({ forgets: true });
    this.#overflow = null;
    if (!wasRefused) return;
    await this.#repeat();
    if (this.#chat === chat && this.#overflow === 'tooLong') this.#change({ forgets: false });
  }

  /** Ends the answer being written; what was written stays. */
  stop(): void {
    this.#abort?.abort();
  }

  /** Begins another conversation, with what is typed and not yet sent. */
  newChat(): void {
    const { draft, draftPictures } = this;
    if (draft !== '' || draftPictures.length > 0) this.#change({ draft: '', draftPictures: [] });
    this.open({ ...emptyChat(), draft, draftPictures: [...draftPictures] });
    if (draftPictures.length > 0) this.#keep(this.#chat);
  }

  /** Shows a conversation that was kept. An answer that was being written when it was kept has stopped since. */
  open(chat: Chat): void {
    this.stop();
    this.wasInterrupted = chat.messages.some((message) => message.id === chat.leafId && isStreaming(message));
    for (const message of chat.messages) if (isStreaming(message)) message.state = 'stopped';
    this.#chat = chat;
    this.#overflow = null;
    this.looking = null;
  }

  get #contextOverflow(): ContextOverflow {
    return this.#chat.forgets ? 'drop_oldest' : this.#preference();
  }

  #change(changes: Partial<Chat>): void {
    Object.assign(this.#chat, changes);
    this.#keep(this.#chat);
  }

  get #nextId(): number {
    return (this.#chat.messages.at(-1)?.id ?? -1) + 1;
  }

  async #ask(text: string, pictures: Picture[], parentId: number | null): Promise<void> {
    const trimmed = text.trim();
    if (trimmed === '' || this.streaming) return;
    const chat = this.#chat;
    const { leafId } = chat;
    const shows = pictures.length > 0 && { pictures };
    const question: UserMessage = { id: this.#nextId, parentId, role: 'user', text: trimmed, ...shows };
    chat.messages.push(question);
    chat.leafId = question.id;
    if (await this.#writeAnswer()) return;
    chat.messages = chat.messages.filter(({ id }) => id !== question.id);
    chat.leafId = leafId;
    chat.draft = chat.draft.trim() === '' ? trimmed : `${trimmed}\n${chat.draft}`;
    chat.draftPictures = [...pictures, ...(chat.draftPictures ?? [])];
    this.#repeat = () => {
      const { draft, draftPictures = [] } = chat;
      Object.assign(chat, { draft: '', draftPictures: [] });
      return this.#ask(draft, draftPictures, parentId);
    };
  }

  /** False where the context has no room for the messages: `overflow` then says so, and the answer is gone again. */
  async #writeAnswer(): Promise<boolean> {
    const chat = this.#chat;
    const answer = newAnswer(this.#nextId, chat.leafId);
    chat.messages.push(answer);
    chat.leafId = answer.id;
    if (await this.#writeOn(answer)) return true;
    // First: a branch to a message that is gone shows nothing, and the list would lose its place.
    chat.leafId = answer.parentId;
    chat.messages = chat.messages.filter(({ id }) => id !== answer.id);
    return false;
  }

  /** As #writeAnswer, for an answer that is there. */
  async #writeOn(answer: AssistantMessage): Promise<boolean> {
    const chat = this.#chat;
    const goesOn = isBegun(answer);
    Object.assign(answer, { state: 'streaming', cutOffBy: null, failure: null });
    const before = usableMessages(this.messages.slice(0, -1));
    const history = goesOn ? [...before, answer] : before;
    chat.updatedAt = Date.now();
    this.#keep(chat);
    const abort = new AbortController();
    this.#abort = abort;
    this.#overflow = null;
    this.wasInterrupted = false;
    const contextOverflow = this.#contextOverflow;
    const isShown = () => this.#chat === chat;
    let finish: FinishReason | null = null;
    const clock = { since: null };
    try {
      const request: AnswerRequest = {
        messages: withThought(await modelMessages(chat.instructions, history, this.#urlOf), answer.thought),
        contextOverflow,
        sampling: { ...chat.sampling },
        thinks: goesOn ? answer.thought !== undefined : (chat.thinks ?? false),
        goesOn,
        onPictures: (progress) => {
          if (isShown()) this.looking = progress;
        },
        signal: abort.signal,
      };
      for await (const chunk of await this.#answer(request)) {
        if (isShown()) this.looking = null;
        const choice = chunk.choices[0];
        const { content = '', reasoning_content: thought = '' } = choice?.delta ?? {};
        if (thought !== '') addThought(answer, thought, clock);
        answer.text += content;
        finish = choice?.finish_reason ?? finish;
        if (chunk.usage) answer.usage = chunk.usage;
        this.#keep(chat);
      }
      answer.state = finish === 'aborted' ? 'stopped' : 'done';
      if (finish === 'length') answer.cutOffBy = answer.usage?.context_full ? 'context' : 'limit';
      noteForgotten(chat, answer, history);
      if (isShown() && answer.cutOffBy === 'context') this.#overflow = 'filled';
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
    } finally {
      if (isShown()) this.looking = null;
      this.#keep(chat);
    }
    return true;
  }
}

/** Reactive itself: writing to a plain object that was pushed into a reactive list would go unnoticed. */
function newAnswer(id: number, parentId: number | null): AssistantMessage {
  const answer: AssistantMessage = $state({
    id,
    parentId,
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

/** Adds what was thought since the clock was read last. */
function addThought(answer: AssistantMessage, text: string, clock: { since: number | null }): void {
  const { text: before, seconds } = answer.thought ?? { text: '', seconds: 0 };
  const now = Date.now();
  answer.thought = { text: before + text, seconds: seconds + (now - (clock.since ?? now)) / 1000 };
  clock.since = now;
}

function noteForgotten(chat: Chat, answer: AssistantMessage, history: Message[]): void {
  // Instructions are never dropped, and are not counted among the messages that are.
  const dropped = answer.usage?.dropped_messages ?? 0;
  const firstSeenId = dropped > 0 ? history[dropped]!.id : null;
  answer.hasForgotten = firstSeenId !== null && firstSeenId !== chat.firstSeenId;
  chat.firstSeenId = firstSeenId;
}

function isStreaming(message: Message): message is AssistantMessage {
  return message.role === 'assistant' && message.state === 'streaming';
}
