import { Environment, parse, tokenize } from '@huggingface/jinja';
import { engineError } from '../errors';
import type { ChatMessage } from '../protocol/chat';
import { BoundedInterpreter, MAX_LIST_LENGTH } from './boundedInterpreter';
import { strftime } from './strftime';

/** A megabyte; published templates have at most a few tens of kilobytes. */
const MAX_TEMPLATE_LENGTH = 1024 * 1024;

/** A compiled Jinja chat template. Templates come with foreign files: their size, steps and results are bounded. */
export class ChatTemplate {
  readonly #program: ReturnType<typeof parse>;

  /** Throws InvalidFileError where the source is too long or no Jinja. */
  constructor(source: string) {
    if (source.length > MAX_TEMPLATE_LENGTH) {
      throw engineError(
        'InvalidFileError',
        `chat template: ${source.length} characters are more than ${MAX_TEMPLATE_LENGTH}`,
      );
    }
    try {
      // Hugging Face renders with both block options on.
      this.#program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    } catch (cause) {
      throw engineError('InvalidFileError', `chat template: ${messageOf(cause)}`, cause);
    }
  }

  /** The rendered text. Throws UnsupportedError with the template's own words where it refuses the variables. */
  render(variables: Record<string, unknown>): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
    try {
      return String(new BoundedInterpreter(environment).run(this.#program).value);
    } catch (cause) {
      throw engineError('UnsupportedError', `the chat template refuses these messages: ${messageOf(cause)}`, cause);
    }
  }
}

/**
 * Messages as templates take them: content is a string, the parts of a list joined by newlines. The image part with
 * `index`, counted over all messages, becomes `imagePlaceholder(index)`; with null it throws UnsupportedError, as does a
 * part of any other type.
 */
export function plainMessages(
  messages: readonly ChatMessage[],
  imagePlaceholder: ((index: number) => string) | null,
): Record<string, unknown>[] {
  let images = 0;
  const nextImage = imagePlaceholder && (() => imagePlaceholder(images++));
  return messages.map((message) => ({ ...message, content: plainContent(message.content, nextImage) }));
}

function plainContent(content: ChatMessage['content'], nextImage: (() => string) | null): string {
  if (!Array.isArray(content)) return content;
  const texts = content.map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type !== 'image_url')
      throw engineError(
        'UnsupportedError',
        `messages: a part of type ${JSON.stringify(Object(part).type)} is not supported`,
      );
    if (nextImage === null)
      throw engineError('UnsupportedError', 'messages: this model reads text only, it cannot see pictures');
    return nextImage();
  });
  return texts.join('\n');
}

/** What Hugging Face puts into every template's scope, with Jinja's constants in both spellings. */
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  raise_exception: (message: string) => {
    throw new Error(message);
  },
  strftime_now: (format: string) => strftime(new Date(), format),
};

/** Python's range(), bounded. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MAX_LIST_LENGTH)) throw new Error(`range() of ${length} numbers`);
  return Array.from({ length }, (_, i) => start + i * step);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
