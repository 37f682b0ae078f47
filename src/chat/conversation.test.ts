import { expect, test } from 'vitest';
import type { ChatCompletionChunk, ChatMessage, Usage } from '../engine/api';
import { Conversation, type AssistantMessage } from './conversation.svelte';

const usage: Usage = {
  prompt_tokens: 5,
  completion_tokens: 2,
  total_tokens: 7,
  cached_tokens: 3,
  prefill_seconds: 0.1,
  decode_seconds: 0.2,
  tokens_per_second: 10,
};

function chunk(content: string, finish: 'stop' | 'length' | 'aborted' | null = null): ChatCompletionChunk {
  const choice = { index: 0, delta: { content }, finish_reason: finish, logprobs: null } as const;
  const head = { id: '', object: 'chat.completion.chunk', created: 0, model: '' } as const;
  return { ...head, choices: [choice], ...(finish ? { usage } : {}) };
}

/** A conversation whose answers are the given chunks, and the requests it made. */
function conversationWith(answers: (() => AsyncIterable<ChatCompletionChunk>)[]) {
  const requests: ChatMessage[][] = [];
  const conversation = new Conversation(async (messages) => {
    requests.push(messages);
    return answers[requests.length - 1]!();
  });
  const lastAnswer = () => conversation.messages.at(-1) as AssistantMessage;
  return { conversation, requests, lastAnswer };
}

async function* whole(text: string, finish: 'stop' | 'length' = 'stop') {
  for (const letter of text) yield chunk(letter);
  yield chunk('', finish);
}

async function* failing(text: string): AsyncGenerator<ChatCompletionChunk> {
  yield chunk(text);
  throw Object.assign(new Error('the device went away'), { name: 'DeviceLostError' });
}

test('an answer is put together from its chunks and keeps its usage', async () => {
  const { conversation, requests, lastAnswer } = conversationWith([() => whole('Hello')]);
  await conversation.send('  Hi  ');
  expect(requests).toEqual([[{ role: 'user', content: 'Hi' }]]);
  expect(lastAnswer()).toMatchObject({ text: 'Hello', state: 'done', wasCutOff: false, usage });
});

test('the next turn carries the turns before', async () => {
  const { conversation, requests } = conversationWith([() => whole('one'), () => whole('two')]);
  await conversation.send('1?');
  await conversation.send('2?');
  expect(requests[1]).toEqual([
    { role: 'user', content: '1?' },
    { role: 'assistant', content: 'one' },
    { role: 'user', content: '2?' },
  ]);
});

test('an empty message is not sent', async () => {
  const { conversation, requests } = conversationWith([]);
  await conversation.send(' \n ');
  expect(requests).toEqual([]);
  expect(conversation.messages).toEqual([]);
});

test('regenerating asks the same question again and replaces the answer', async () => {
  const { conversation, requests, lastAnswer } = conversationWith([() => whole('one'), () => whole('two')]);
  await conversation.send('Q');
  await conversation.regenerate();
  expect(requests[1]).toEqual(requests[0]);
  expect(conversation.messages).toHaveLength(2);
  expect(lastAnswer().text).toBe('two');
});

test('stopping keeps what was written', async () => {
  const { conversation, lastAnswer } = conversationWith([
    async function* () {
      yield chunk('half');
      conversation.stop();
      yield chunk('', 'aborted');
    },
  ]);
  await conversation.send('Q');
  expect(lastAnswer()).toMatchObject({ text: 'half', state: 'stopped', failure: null });
});

test('an answer that had ended before it was stopped is whole', async () => {
  const { conversation, lastAnswer } = conversationWith([
    async function* () {
      yield chunk('whole', 'stop');
      conversation.stop();
    },
  ]);
  await conversation.send('Q');
  expect(lastAnswer()).toMatchObject({ text: 'whole', state: 'done' });
});

test('a failure stays with its message and out of the next request', async () => {
  const { conversation, requests, lastAnswer } = conversationWith([() => failing('par'), () => whole('fine')]);
  await conversation.send('first');
  const failure = { name: 'DeviceLostError', detail: 'the device went away' };
  expect(lastAnswer()).toMatchObject({ text: 'par', state: 'error', failure });
  await conversation.send('second');
  expect(requests[1]).toEqual([{ role: 'user', content: 'second' }]);
});

test('an answer that reached its greatest length says so', async () => {
  const { conversation, lastAnswer } = conversationWith([() => whole('long', 'length')]);
  await conversation.send('Q');
  expect(lastAnswer().wasCutOff).toBe(true);
});

test('a new chat stops the answer being written and starts empty', async () => {
  const { conversation } = conversationWith([
    async function* () {
      yield chunk('late');
      conversation.newChat();
      yield chunk('later');
    },
  ]);
  await conversation.send('Q');
  expect(conversation.messages).toEqual([]);
});
