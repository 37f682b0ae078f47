import type { ChatMessage } from '../engine/api';
import type { AssistantMessage, Message, Thought } from './message';

/** What a model is shown of a branch: failed and empty answers are left out, with the question that got none. */
export function usableMessages(messages: readonly Message[]): Message[] {
  return messages.filter((message, i) => {
    const next = messages[i + 1];
    const isUnanswered = next?.role === 'assistant' && !isUsable(next);
    return message.role === 'user' ? !isUnanswered : isUsable(message);
  });
}

/** Messages as the engine takes them, behind the instructions where there are any. */
export function modelMessages(instructions: string, messages: readonly Message[]): ChatMessage[] {
  const system = instructions.trim();
  const shown = messages.map(({ role, text }): ChatMessage => ({ role, content: text }));
  return system === '' ? shown : [{ role: 'system', content: system }, ...shown];
}

/** The same, where the last message is an answer that is to be written on: with what was thought before it. */
export function withThought(messages: ChatMessage[], thought: Thought | undefined): ChatMessage[] {
  const last = messages.at(-1);
  return last && thought ? [...messages.slice(0, -1), { ...last, reasoning_content: thought.text }] : messages;
}

function isUsable(answer: AssistantMessage): boolean {
  return answer.text !== '' && answer.state !== 'error';
}
