import { describe, expect, test } from 'vitest';
import { fitContext } from './fitContext';

/** A message whose content is as many tokens as it has; each message costs one more, and the prompt one at its end. */
interface Message {
  role: 'system' | 'user' | 'assistant';
  tokens: number[];
}

let nextToken = 0;
const message = (role: Message['role'], length: number): Message => ({
  role,
  tokens: Array.from({ length }, () => nextToken++),
});
const encode = (messages: Message[]) => [...messages.flatMap(({ tokens }) => [-1, ...tokens]), -2];
const turn = (length: number) => [message('user', length), message('assistant', length)];
const turns = (count: number, length: number) => Array.from({ length: count }, () => turn(length)).flat();
const fit = (messages: Message[], contextLength: number, maxTokens = Infinity) =>
  fitContext(messages, encode, { contextLength, maxTokens });

describe('what fits stays', () => {
  // Two turns of ten tokens, and the end of the prompt: 45 tokens.
  const messages = turns(2, 10);

  test('with a quarter of the context kept for the answer', () => {
    expect(fit(messages, 60)).toEqual({ tokenIds: encode(messages), droppedMessages: 0 });
    expect(fit(messages, 58).droppedMessages).toBe(2);
  });

  test('with less kept where the answer is shorter, but one token at least', () => {
    expect(fit(messages, 50, 5).droppedMessages).toBe(0);
    expect(fit(messages, 49, 5).droppedMessages).toBe(2);
    expect(fit(messages, 46, 0).droppedMessages).toBe(0);
    expect(fit(messages, 45, 0).droppedMessages).toBe(2);
  });
});

test('whole turns go, oldest first, and the system messages at the beginning stay', () => {
  const system = [message('system', 4), message('system', 4)];
  const conversation = [message('assistant', 9), ...turns(5, 9), message('user', 9)];
  const { tokenIds, droppedMessages } = fit([...system, ...conversation], 100);
  // 131 tokens are 56 too many; four steps of 18 go, and the turn at the edge.
  expect(droppedMessages).toBe(9);
  expect(tokenIds).toEqual(encode([...system, ...conversation.slice(9)]));
});

test('a system message in the middle goes with the turn it stands in', () => {
  const conversation = [...turn(20), message('system', 5), message('user', 20)];
  expect(fit(conversation, 64)).toEqual({ tokenIds: encode(conversation.slice(3)), droppedMessages: 3 });
});

test('the last turn is never left out, even where it is too long', () => {
  const conversation = [...turns(3, 5), message('user', 90)];
  expect(fit(conversation, 80)).toEqual({ tokenIds: encode(conversation.slice(6)), droppedMessages: 6 });
  const alone = [message('system', 5), message('user', 90)];
  expect(fit(alone, 80)).toEqual({ tokenIds: encode(alone), droppedMessages: 0 });
  const beginning = [message('system', 5), message('user', 90), message('assistant', 5)];
  expect(fit(beginning, 80)).toEqual({ tokenIds: encode(beginning), droppedMessages: 0 });
});

test('without a user message nothing can be left out', () => {
  for (const role of ['system', 'assistant'] as const) {
    const messages = [message(role, 50), message(role, 50)];
    expect(fit(messages, 80)).toEqual({ tokenIds: encode(messages), droppedMessages: 0 });
  }
});

test.each([
  { contextLength: 100, system: 0, length: () => 3 },
  { contextLength: 160, system: 12, length: (i: number) => 2 + ((i * 7) % 11) },
  { contextLength: 1000, system: 40, length: (i: number) => 5 + ((i * 37) % 60) },
])('a conversation that goes on in $contextLength tokens keeps its beginning for several turns', (sizes) => {
  const { contextLength, system, length } = sizes;
  const usable = (contextLength * 3) / 4;
  const messages = [message('system', system)];
  let starts = 0;
  let dropped = 0;
  let turnsSoFar = 0;
  let longest = 0;
  while (turnsSoFar < 120) {
    messages.push(message('user', length(turnsSoFar)));
    const fitted = fit(messages, contextLength);
    expect(fitted.tokenIds.length).toBeLessThanOrEqual(usable);
    longest = Math.max(longest, length(turnsSoFar) * 2 + 2);
    if (fitted.droppedMessages > 0) {
      // At most a quarter of the usable context is given up, and what is left of the turn at the edge.
      expect(fitted.tokenIds.length).toBeGreaterThan(usable * (3 / 4) - longest - system);
    }
    expect(fitted.droppedMessages).toBeGreaterThanOrEqual(dropped);
    if (fitted.droppedMessages > dropped) starts++;
    dropped = fitted.droppedMessages;
    messages.push(message('assistant', length(turnsSoFar)));
    turnsSoFar++;
  }
  const written = encode(messages).length;
  expect(starts).toBeGreaterThan(0);
  // One step of the beginning per quarter of the usable context that is written.
  expect(starts).toBeLessThanOrEqual(Math.ceil((written - usable) / Math.floor(usable / 4)));
});
