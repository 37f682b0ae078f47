import type { ChatMessage, ChatRequest, ChatCompletionChunk } from './api';
import type { ThinkingSupport } from '../../workers/protocol/model';

const OPEN = '<think>';
const CLOSE = '</think>';

/** Where a text is: before anything that counts, inside a thought, between it and the answer, or in the answer. */
type Place = 'start' | 'thought' | 'gap' | 'answer';

/** What has become certain of a text. */
export interface ThoughtParts {
  thought: string;
  answer: string;
}

/**
 * Tells what a model thinks from what it answers, as the text comes: a thought stands before the answer, between `<think>`
 * and `</think>`. How the text is cut into pieces makes no difference.
 */
export class ThoughtSplitter {
  #place: Place;
  /** A text that begins behind `<think>`. */
  readonly #isOpened: boolean;
  #held = '';

  /** 'thought' for a text that begins inside one, 'answer' for one that goes on with an answer. */
  constructor(begin: 'start' | 'thought' | 'answer') {
    this.#isOpened = begin === 'thought';
    this.#place = this.#isOpened ? 'start' : begin;
  }

  /** What the next piece of the text makes certain. What may become a mark is held back. */
  push(text: string): ThoughtParts {
    const parts: ThoughtParts = { thought: '', answer: '' };
    this.#held += text;
    while (this.#step(parts));
    return parts;
  }

  /** What was held back, once nothing follows. */
  end(): ThoughtParts {
    const rest = this.#held;
    this.#held = '';
    const isThought = this.#place === 'thought' || (this.#place === 'start' && this.#isOpened);
    if (this.#place === 'gap') return { thought: '', answer: '' };
    return isThought ? { thought: rest, answer: '' } : { thought: '', answer: rest };
  }

  /** False where only more text helps. */
  #step(parts: ThoughtParts): boolean {
    const held = this.#held;
    switch (this.#place) {
      case 'start': {
        const begun = held.trimStart();
        if (OPEN.startsWith(begun)) {
          if (begun !== OPEN) return false;
        } else if (!begun.startsWith(OPEN)) {
          this.#place = this.#isOpened ? 'thought' : 'answer';
          return true;
        }
        this.#held = begun.slice(OPEN.length);
        this.#place = 'thought';
        return true;
      }
      case 'thought': {
        const end = held.indexOf(CLOSE);
        if (end >= 0) {
          parts.thought += held.slice(0, end);
          this.#held = held.slice(end + CLOSE.length);
          this.#place = 'gap';
          return true;
        }
        const certain = held.length - heldBack(held);
        parts.thought += held.slice(0, certain);
        this.#held = held.slice(certain);
        return false;
      }
      case 'gap':
        this.#held = held.trimStart();
        if (this.#held === '') return false;
        this.#place = 'answer';
        return true;
      case 'answer':
        parts.answer += held;
        this.#held = '';
        return false;
    }
  }
}

/** Characters at the end of a thought that may be the beginning of its closing mark. */
function heldBack(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--)
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  return 0;
}

/** Where the text of an answer begins: see ThoughtSplitter. */
export function beginningOf(
  { messages, continue_final_message, enable_thinking = false }: ChatRequest,
  support: ThinkingSupport | null,
): 'start' | 'thought' | 'answer' {
  const last = messages.at(-1);
  if (continue_final_message && last) return goesOnInThought(last) ? 'thought' : 'answer';
  const isOpened = enable_thinking ? support?.opensWith : support?.opensWithout;
  return isOpened ? 'thought' : 'start';
}

function goesOnInThought({ content, reasoning_content = '' }: ChatMessage): boolean {
  return content === '' && reasoning_content !== '';
}

/** The chunks of an answer, with what was thought in `reasoning_content` instead of `content`. */
export async function* withThoughts(
  chunks: AsyncIterable<ChatCompletionChunk>,
  splitter: ThoughtSplitter,
): AsyncGenerator<ChatCompletionChunk> {
  for await (const chunk of chunks) {
    const choice = chunk.choices[0]!;
    const { thought, answer } = splitter.push(choice.delta.content ?? '');
    const rest = choice.finish_reason === null ? null : splitter.end();
    const reasoning_content = thought + (rest?.thought ?? '');
    const content = answer + (rest?.answer ?? '');
    const delta = { ...choice.delta, content, ...(reasoning_content && { reasoning_content }) };
    yield { ...chunk, choices: [{ ...choice, delta }] };
  }
}
