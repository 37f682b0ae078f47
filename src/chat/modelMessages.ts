import type { ChatMessage } from '../engine/api';
import type { Picture } from '../pictures/picture';
import { picturesOf, type AssistantMessage, type Message, type Thought } from './message';

/** What a model is shown of a branch: failed and empty answers are left out, with the question that got none. */
export function usableMessages(messages: readonly Message[]): Message[] {
  return messages.filter((message, i) => {
    const next = messages[i + 1];
    const isUnanswered = next?.role === 'assistant' && !isUsable(next);
    return message.role === 'user' ? !isUnanswered : isUsable(message);
  });
}

/**
 * Messages as the engine takes them, behind the instructions where there are any; `urlOf` gives the addresses of their
 * pictures. Rejects as `urlOf` does.
 */
export async function modelMessages(
  instructions: string,
  messages: readonly Message[],
  urlOf: (picture: Picture) => Promise<string>,
): Promise<ChatMessage[]> {
  const system = instructions.trim();
  const shown = await Promise.all(
    messages.map(async (message): Promise<ChatMessage> => ({
      role: message.role,
      content: await contentOf(message, urlOf),
    })),
  );
  return system === '' ? shown : [{ role: 'system', content: system }, ...shown];
}

/** The same, where the last message is an answer that is to be written on: with what was thought before it. */
export function withThought(messages: ChatMessage[], thought: Thought | undefined): ChatMessage[] {
  const last = messages.at(-1);
  return last && thought ? [...messages.slice(0, -1), { ...last, reasoning_content: thought.text }] : messages;
}

async function contentOf(
  message: Message,
  urlOf: (picture: Picture) => Promise<string>,
): Promise<ChatMessage['content']> {
  const pictures = picturesOf(message);
  if (pictures.length === 0) return message.text;
  const shown = pictures.map(async (picture) => {
    const most = picture.maxSlices === null ? {} : { max_slices: picture.maxSlices };
    return { type: 'image_url' as const, image_url: { url: await urlOf(picture), ...most } };
  });
  return [...(await Promise.all(shown)), { type: 'text', text: message.text }];
}

function isUsable(answer: AssistantMessage): boolean {
  return answer.text !== '' && answer.state !== 'error';
}
