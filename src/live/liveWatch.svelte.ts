import type { ChatCompletionChunk, ChatMessage, FinishReason } from '../engine/api';
import { failureOf, type Failure } from '../engine/failure';
import type { Entry } from './entry';
import type { Frame } from './frameReader';
import { secondsBetween, type Cadence, type Thrift } from './pace';
import { questionMessages, recentLines, remarkMessages, type PromptWords } from './prompt';
import { changeBetween, CHANGED_SHARE, type Luma } from './sceneChange';

/** A remark is a sentence or two: the scene goes on meanwhile. */
const REMARK_TOKENS = 64;
const ANSWER_TOKENS = 128;
/** Entries behind this many lose their small pictures. */
const MOST_THUMBNAILS = 300;

/** Streams an answer of the model. */
export type LiveAnswer = (request: {
  messages: ChatMessage[];
  max_tokens: number;
  signal: AbortSignal;
}) => Promise<AsyncIterable<ChatCompletionChunk>>;

/** What frames are read from. */
export interface Eye {
  /** Seconds from the beginning of a video file; null for what is live. */
  readonly position: number | null;
  /** Null where there is no picture yet. */
  luma(): Luma | null;
  frame(): Promise<Frame>;
}

/** A question in between, in the reader's words for what surrounds it. */
export interface Inquiry {
  text: string;
  words: PromptWords;
  /** Asked with the frame alone, without what was said before. */
  isAlone?: boolean;
  timeOf: (entry: Entry) => string;
}

/** Watches through an eye, comments on what it sees, and answers questions: one at a time, the newest frame only. */
export class LiveWatch {
  status = $state<'off' | 'watching' | 'paused'>('off');
  /** True while the page is out of sight, where nothing is looked at. */
  isHidden = $state(false);
  /** The standing question. */
  question = $state('');
  /** The page's own questions, in the language in which the standing one was offered. */
  examples: readonly string[] = [];
  cadence = $state<Cadence>('change');
  thrift = $state<Thrift>('none');
  /** The commentary, oldest first. It outlives what was watched, and the screen that shows it. */
  entries = $state<Entry[]>([]);
  failure = $state.raw<Failure | null>(null);
  /** True from a question in between until its answer is there. */
  isAsking = $state(false);

  readonly isWatching = $derived(this.status === 'watching' && !this.isHidden);
  readonly writing = $derived(this.entries.at(-1)?.state === 'writing' ? this.entries.at(-1)! : null);

  readonly #answer: LiveAnswer;
  readonly #now: () => number;
  #eye: Eye | null = null;
  #nextId = 0;
  /** The frame looked at last, and when the wait for the next one began. */
  #seen: Luma | null = null;
  #waitingSince = 0;
  #job: Promise<void> | null = null;
  #abort: AbortController | null = null;

  constructor(answer: LiveAnswer, now: () => number = Date.now) {
    this.#answer = answer;
    this.#now = now;
  }

  /** The time of what is seen at the moment. */
  get now(): Pick<Entry, 'at' | 'position'> {
    return { at: this.#now(), position: this.#eye?.position ?? null };
  }

  /** Begins to watch. The first frame is commented on at once. */
  start(eye: Eye): void {
    this.#eye = eye;
    this.status = 'watching';
    this.#seen = null;
    this.failure = null;
  }

  /** Looks at no frame until `goOn`. A remark that is being written is finished. */
  pause(): void {
    if (this.status === 'watching') this.status = 'paused';
  }

  goOn(): void {
    if (this.status !== 'paused') return;
    this.status = 'watching';
    this.#seen = null;
    this.failure = null;
  }

  /** Ends watching, and what is being written. The commentary stays. */
  stop(): void {
    this.status = 'off';
    this.#eye = null;
    this.#abort?.abort();
  }

  /** To be called several times a second. A frame that comes while something is being written is skipped. */
  look(): void {
    const eye = this.#eye;
    if (!eye || !this.isWatching || this.#job || this.isAsking || this.question.trim() === '') return;
    const luma = eye.luma();
    if (!luma || !this.#isDue(luma)) return;
    this.#seen = luma;
    this.#waitingSince = this.#now();
    this.#do(async () => {
      await this.#remark(eye);
      // A scene that keeps changing would leave the device no rest.
      if (this.cadence === 'change') this.#waitingSince = this.#now();
    });
  }

  /**
   * Answers a question from the commentary and the current frame. What is being written is cut short for it. False where
   * no answer came: it failed, was stopped, or another question is being answered.
   */
  async ask(inquiry: Inquiry): Promise<boolean> {
    if (inquiry.text.trim() === '' || this.isAsking) return false;
    this.isAsking = true;
    this.#abort?.abort();
    await this.#job;
    const before = this.#nextId;
    this.#do(() => this.#reply(inquiry, this.#eye));
    await this.#job;
    this.isAsking = false;
    return this.entries.some(({ id }) => id >= before);
  }

  #isDue(luma: Luma): boolean {
    if (this.#seen === null) return true;
    if (this.#now() - this.#waitingSince < 1000 * secondsBetween(this.cadence, this.thrift)) return false;
    return this.cadence !== 'change' || changeBetween(this.#seen, luma) >= CHANGED_SHARE;
  }

  #do(work: () => Promise<void>): void {
    this.#job = work()
      .catch((error: unknown) => {
        this.failure = failureOf(error);
        this.pause();
      })
      .finally(() => (this.#job = null));
  }

  async #remark(eye: Eye): Promise<void> {
    const frame = await eye.frame();
    try {
      // Stopped meanwhile.
      if (this.#eye !== eye) return;
      await this.#write(this.#newEntry(frame, null), remarkMessages(this.question, frame.url), REMARK_TOKENS);
    } finally {
      URL.revokeObjectURL(frame.url);
    }
  }

  async #reply({ text, words, isAlone = false, timeOf }: Inquiry, eye: Eye | null): Promise<void> {
    let commentary = isAlone ? [] : recentLines(this.entries, timeOf);
    // Behind the end of what is watched there is no frame any more.
    const frame = eye?.luma() ? await eye.frame() : null;
    try {
      for (;;) {
        const messages = questionMessages(text.trim(), frame?.url ?? null, commentary, words);
        try {
          return await this.#write(this.#newEntry(frame, text.trim()), messages, ANSWER_TOKENS);
        } catch (error) {
          if (failureOf(error).name !== 'ContextFullError' || commentary.length === 0) throw error;
          // The older half is left out.
          commentary = commentary.slice(Math.ceil(commentary.length / 2));
        }
      }
    } finally {
      if (frame) URL.revokeObjectURL(frame.url);
    }
  }

  #newEntry(frame: Frame | null, asked: string | null): Entry {
    const entry: Entry = $state({
      id: this.#nextId++,
      ...this.now,
      asked,
      text: '',
      state: 'writing',
      thumbnail: frame?.thumbnail ?? null,
    });
    this.entries.push(entry);
    const old = this.entries.at(-1 - MOST_THUMBNAILS);
    if (old) old.thumbnail = null;
    return entry;
  }

  /** An entry that nothing was written to is taken back. */
  async #write(entry: Entry, messages: ChatMessage[], maxTokens: number): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let finish: FinishReason | null = null;
    try {
      const chunks = await this.#answer({ messages, max_tokens: maxTokens, signal: abort.signal });
      for await (const { choices } of chunks) {
        entry.text += choices[0]?.delta.content ?? '';
        finish = choices[0]?.finish_reason ?? finish;
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      entry.text = entry.text.trim();
      entry.state = finish === 'stop' ? 'done' : 'cut';
      if (entry.text === '') this.entries = this.entries.filter(({ id }) => id !== entry.id);
    }
  }
}
