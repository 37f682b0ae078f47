import type { ChatInput } from '../protocol/chat';
import { opensThought } from '../tokenizer/thinking';
import type { ChatOptions, Tokenizer } from '../tokenizer/tokenizer';

/**
 * Token ids of the prompt that asks for an answer, or for more of the answer that the last message is.
 * Throws RangeError where there is no such answer, and what the template throws.
 */
export function chatTokenIds(tokenizer: Tokenizer, input: ChatInput, options: ChatOptions = {}): number[] {
  const { messages, templateOptions, continueFinalMessage = false } = input;
  if (!continueFinalMessage) return tokenizer.encodeChat(messages, templateOptions, options);
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || typeof last.content !== 'string') {
    throw new RangeError('continue_final_message: the last message has to be text of the assistant');
  }
  // A template closes an answer that it renders: what was written stands behind the request for one instead.
  const before = tokenizer.renderChat(messages.slice(0, -1), templateOptions, options);
  return tokenizer.encodePrompt(before + writtenText(last.reasoning_content ?? '', last.content, opensThought(before)));
}

/** True where the answer goes on inside a text that the last message has begun. */
export function goesOnInText({ messages, continueFinalMessage = false }: ChatInput): boolean {
  const { content = '', reasoning_content = '' } = messages.at(-1) ?? {};
  return continueFinalMessage && (content !== '' || reasoning_content !== '');
}

/** A thought and what was answered behind it, as models write them. `isOpened` where the prompt has opened the thought. */
function writtenText(thought: string, content: string, isOpened: boolean): string {
  if (thought === '') return isOpened && content !== '' ? `\n</think>\n\n${content}` : content;
  return `${isOpened ? '' : '<think>'}${thought}${content === '' ? '' : `</think>\n\n${content}`}`;
}
