import { describe, expect, test } from 'vitest';
import type { ChatCompletionChunk, ChatMessage, ContextOverflow, Usage } from '../engine/api';
import { emptyChat } from './chat';
import { Conversation } from './conversation.svelte';
import { samplePicture } from '../testing/sampleChat';
import { canGoOn, type AssistantMessage, type UserMessage } from './message';

const usage: Usage = {
  prompt_tokens: 5,
  completion_tokens: 2,
  total_tokens: 7,
  cached_tokens: 3,
  dropped_messages: 0,
  context_full: false,
  first_token_seconds: 0.15,
  prefill_seconds: 0.1,
  decode_seconds: 0.2,
  tokens_per_second: 10,
};

function chunk(
  content: string,
  finish: 'stop' | 'length' | 'aborted' | null = null,
  counts: Partial<Usage> = {},
): ChatCompletionChunk {
  const choice = { index: 0, delta: { content }, finish_reason: finish, logprobs: null } as const;
  const head = { id: '', object: 'chat.completion.chunk', created: 0, model: '' } as const;
  return { ...head, choices: [choice], ...(finish ? { usage: { ...usage, ...counts } } : {}) };
}

/** A conversation whose answers are the given chunks, and the requests it made. */
function conversationWith(answers: (() => AsyncIterable<ChatCompletionChunk>)[]) {
  const requests: ChatMessage[][] = [];
  const overflows: ContextOverflow[] = [];
  const reader: { preference: ContextOverflow } = { preference: 'stop' };
  const conversation = new Conversation(
    async ({ messages, contextOverflow }) => {
      requests.push(messages);
      overflows.push(contextOverflow);
      return answers[requests.length - 1]!();
    },
    () => reader.preference,
    () => undefined,
    ({ id }) => (id === 'gone' ? Promise.reject(new Error('gone')) : Promise.resolve(`blob:${id}`)),
  );
  const lastAnswer = () => conversation.messages.at(-1) as AssistantMessage;
  const texts = () => conversation.messages.map(({ text }) => text);
  return { conversation, requests, overflows, reader, lastAnswer, texts };
}

async function* whole(text: string, finish: 'stop' | 'length' = 'stop', counts: Partial<Usage> = {}) {
  for (const letter of text) yield chunk(letter);
  yield chunk('', finish, counts);
}

async function* refused(): AsyncGenerator<ChatCompletionChunk> {
  yield* [];
  throw Object.assign(new Error('the conversation has 9 tokens'), { name: 'ContextFullError' });
}

async function* failing(text: string): AsyncGenerator<ChatCompletionChunk> {
  yield chunk(text);
  throw Object.assign(new Error('the device went away'), { name: 'DeviceLostError' });
}

test('an answer is put together from its chunks and keeps its usage', async () => {
  const { conversation, requests, lastAnswer } = conversationWith([() => whole('Hello')]);
  await conversation.send('  Hi  ');
  expect(requests).toEqual([[{ role: 'user', content: 'Hi' }]]);
  expect(lastAnswer()).toMatchObject({ text: 'Hello', state: 'done', cutOffBy: null, usage });
});

test('while a message is refused, the turns before it stay in sight', async () => {
  const { conversation } = conversationWith([() => whole('one'), refused]);
  await conversation.send('1?');
  let isOver = false;
  const sending = conversation.send('2?').then(() => (isOver = true));
  const counts = new Set<number>();
  // The page may be drawn between any two turns of the event loop.
  for (; !isOver; await Promise.resolve()) counts.add(conversation.messages.length);
  await sending;
  expect(Math.min(...counts)).toBe(2);
  expect(conversation.overflow).toBe('refused');
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

test('an answer that failed midway can be gone on with', async () => {
  const { conversation, requests, lastAnswer } = conversationWith([() => failing('par'), refused, () => whole('tly')]);
  await conversation.send('Q');
  const failed = { text: 'par', state: 'error', failure: { name: 'DeviceLostError' } };
  expect(canGoOn(lastAnswer())).toBe(true);
  await conversation.goOn();
  expect(lastAnswer()).toMatchObject(failed);
  await conversation.goOn();
  expect(requests[2]).toEqual([
    { role: 'user', content: 'Q' },
    { role: 'assistant', content: 'par' },
  ]);
  expect(lastAnswer()).toMatchObject({ text: 'partly', state: 'done', failure: null });
});

test('an answer that the page was taken away from is resumed, whether or not it was begun', async () => {
  for (const text of ['', 'par']) {
    const before = conversationWith([() => failing(text)]);
    await before.conversation.send('Q');
    const chat = { ...emptyChat(), messages: [...before.conversation.messages], leafId: 1 };
    Object.assign(chat.messages[1]!, { state: 'streaming', failure: null });
    const { conversation, requests, lastAnswer } = conversationWith([() => whole('tly')]);
    await conversation.resume();
    conversation.open(chat);
    expect(conversation.wasInterrupted).toBe(true);
    await conversation.resume();
    expect(requests).toHaveLength(1);
    expect(lastAnswer()).toMatchObject({ text: `${text}tly`, state: 'done' });
    expect(conversation.wasInterrupted).toBe(false);
    await conversation.resume();
    conversation.open({ ...chat });
    expect(conversation.wasInterrupted).toBe(false);
  }
});

test('an answer that reached its greatest length says so', async () => {
  const { conversation, lastAnswer } = conversationWith([() => whole('long', 'length')]);
  await conversation.send('Q');
  expect(lastAnswer().cutOffBy).toBe('limit');
  expect(conversation.overflow).toBeNull();
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

describe('a thought', () => {
  const thinking = (reasoning_content: string): ChatCompletionChunk => {
    const { choices, ...head } = chunk('');
    return { ...head, choices: [{ ...choices[0]!, delta: { content: '', reasoning_content } }] };
  };

  test('stands apart from the answer and is not shown to the model again', async () => {
    const { conversation, requests, lastAnswer } = conversationWith([
      async function* () {
        yield thinking('let me ');
        yield thinking('see\n');
        yield* whole('42');
      },
      () => whole('fine'),
    ]);
    await conversation.send('Q');
    expect(lastAnswer()).toMatchObject({ text: '42', state: 'done', thought: { text: 'let me see\n' } });
    expect(lastAnswer().thought!.seconds).toBeGreaterThanOrEqual(0);
    await conversation.send('and?');
    expect(requests[1]![1]).toEqual({ role: 'assistant', content: '42' });
  });

  test('that was stopped is gone on with, as one', async () => {
    const { conversation, requests, lastAnswer } = conversationWith([
      async function* () {
        yield thinking('half');
        conversation.stop();
        yield chunk('', 'aborted');
      },
      async function* () {
        yield thinking(' a thought');
        yield* whole('so');
      },
    ]);
    await conversation.send('Q');
    expect(lastAnswer()).toMatchObject({ text: '', state: 'stopped' });
    await conversation.goOn();
    expect(requests[1]).toEqual([
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: '', reasoning_content: 'half' },
    ]);
    expect(lastAnswer()).toMatchObject({ text: 'so', thought: { text: 'half a thought' } });
    expect(conversation.messages).toHaveLength(2);
  });
});

describe('a conversation that outgrows the context', () => {
  const answered = () => whole('one');

  test('gives a refused message back, and is as it was before', async () => {
    const { conversation, texts } = conversationWith([answered, refused, refused]);
    await conversation.send('1?');
    await conversation.send(' 2? ');
    expect(texts()).toEqual(['1?', 'one']);
    expect(conversation).toMatchObject({ overflow: 'refused', draft: '2?', streaming: null });
    conversation.draft = 'typed meanwhile';
    await conversation.send('2!');
    expect(conversation.draft).toBe('2!\ntyped meanwhile');
  });

  test('goes on with the draft once the reader lets it forget, and forgets from there on', async () => {
    const forgot = () => whole('two', 'stop', { dropped_messages: 2 });
    const { conversation, overflows, requests, texts, lastAnswer } = conversationWith([
      answered,
      refused,
      forgot,
      forgot,
      answered,
    ]);
    await conversation.send('1?');
    await conversation.send('2?');
    conversation.draft = '2, please?';
    await conversation.forgetOldest();
    expect(conversation).toMatchObject({ overflow: null, draft: '' });
    expect(requests[2]!.map(({ content }) => content)).toEqual(['1?', 'one', '2, please?']);
    expect(texts()).toEqual(['1?', 'one', '2, please?', 'two']);
    expect(conversation.messages.find(({ id }) => id === conversation.firstSeenId)?.text).toBe('2, please?');
    expect(lastAnswer().hasForgotten).toBe(true);
    await conversation.send('3?');
    // Nothing more was forgotten: the reader need not be told again.
    expect(lastAnswer().hasForgotten).toBe(false);
    expect(overflows).toEqual(['stop', 'stop', 'drop_oldest', 'drop_oldest']);
    conversation.newChat();
    expect(conversation.firstSeenId).toBeNull();
    await conversation.send('1?');
    expect(overflows.at(-1)).toBe('stop');
  });

  test('says that a message alone is too long where nothing older could be forgotten', async () => {
    const { conversation } = conversationWith([refused]);
    await conversation.send('very long');
    expect(conversation).toMatchObject({ overflow: 'tooLong', draft: 'very long', messages: [] });
  });

  test('says so too where all that is older was forgotten', async () => {
    const { conversation, reader } = conversationWith([answered, refused]);
    reader.preference = 'drop_oldest';
    await conversation.send('1?');
    await conversation.send('very long');
    expect(conversation).toMatchObject({ overflow: 'tooLong', draft: 'very long' });
  });

  test('forgets nothing, now or later, for a message that turns out to be too long even alone', async () => {
    const { conversation, overflows } = conversationWith([answered, refused, refused, refused]);
    await conversation.send('1?');
    await conversation.send('very long');
    expect(conversation.overflow).toBe('refused');
    await conversation.forgetOldest();
    expect(conversation).toMatchObject({ overflow: 'tooLong', draft: 'very long' });
    await conversation.send('shorter');
    expect(conversation.overflow).toBe('refused');
    expect(overflows).toEqual(['stop', 'stop', 'drop_oldest', 'stop']);
  });

  test('keeps the answer where there is no room to write it anew, until the reader lets it forget', async () => {
    const { conversation, texts } = conversationWith([answered, answered, refused, () => whole('two')]);
    await conversation.send('1?');
    await conversation.send('2?');
    conversation.draft = 'next';
    await conversation.regenerate();
    expect(texts()).toEqual(['1?', 'one', '2?', 'one']);
    expect(conversation).toMatchObject({ overflow: 'refused', draft: 'next' });
    await conversation.forgetOldest();
    expect(texts()).toEqual(['1?', 'one', '2?', 'two']);
    expect(conversation.draft).toBe('next');
  });

  test('says that an answer has filled the context, and waits for the reader to go on', async () => {
    const full = () => whole('long', 'length', { context_full: true });
    const { conversation, requests, lastAnswer } = conversationWith([full, full]);
    await conversation.send('Q');
    expect(lastAnswer().cutOffBy).toBe('context');
    expect(conversation.overflow).toBe('filled');
    conversation.draft = 'half a thou';
    await conversation.forgetOldest();
    expect(requests).toHaveLength(1);
    expect(conversation).toMatchObject({ overflow: null, draft: 'half a thou' });
    await conversation.send('Q');
    expect(conversation.overflow).toBeNull();
  });

  test('leaves its messages alone where a new chat has begun before the refusal came', async () => {
    const { conversation } = conversationWith([
      async function* () {
        yield chunk('');
        conversation.newChat();
        yield* refused();
      },
    ]);
    await conversation.send('Q');
    expect(conversation).toMatchObject({ messages: [], draft: '', overflow: null });
  });
});

describe('pictures', () => {
  const shown = (id: string, more = {}) => ({ type: 'image_url', image_url: { url: `blob:${id}`, ...more } });

  test('the pictures of the draft go with the message, and stay in later turns, in edits and in other answers', async () => {
    const { conversation, requests } = conversationWith([1, 2, 3, 4].map((n) => () => whole(`${n}`)));
    conversation.draftPictures = [samplePicture('a'), samplePicture('b', { maxSlices: 2 })];
    await conversation.send('What is it?');
    expect(conversation.draftPictures).toEqual([]);
    const content = [shown('a'), shown('b', { max_slices: 2 }), { type: 'text', text: 'What is it?' }];
    expect(requests[0]).toEqual([{ role: 'user', content }]);
    await conversation.send('And?');
    expect(requests[1]![0]).toEqual({ role: 'user', content });
    expect(requests[1]![2]).toEqual({ role: 'user', content: 'And?' });
    await conversation.regenerate();
    expect(requests[2]).toEqual(requests[1]);
    await conversation.edit(conversation.messages[0] as UserMessage, 'How many?', [samplePicture('b')]);
    expect(requests[3]![0]!.content).toEqual([shown('b'), { type: 'text', text: 'How many?' }]);
  });

  test('a message that the context has no room for becomes the draft again with its pictures', async () => {
    const { conversation, requests } = conversationWith([refused, () => whole('x')]);
    conversation.draftPictures = [samplePicture('a')];
    await conversation.send('What is it?');
    expect(conversation).toMatchObject({ draft: 'What is it?', draftPictures: [{ id: 'a' }], messages: [] });
    await conversation.send(conversation.draft);
    expect(requests[1]).toEqual(requests[0]);
  });

  test('a draft with pictures goes along into a new chat', async () => {
    const { conversation } = conversationWith([]);
    conversation.draftPictures = [samplePicture('a')];
    const { id } = conversation;
    conversation.newChat();
    expect(conversation.id).not.toBe(id);
    expect(conversation.draftPictures).toMatchObject([{ id: 'a' }]);
  });

  test('a picture off the draft is free where no message shows it', async () => {
    const { conversation } = conversationWith([() => whole('x')]);
    conversation.draftPictures = [samplePicture('a')];
    await conversation.send('Q');
    conversation.draftPictures = [samplePicture('a'), samplePicture('b')];
    expect(conversation.detach('a')).toBe(false);
    expect(conversation.detach('b')).toBe(true);
    expect(conversation.draftPictures).toEqual([]);
  });

  test('a picture that is gone is a failure of the answer, and nothing is asked', async () => {
    const { conversation, requests, lastAnswer } = conversationWith([]);
    conversation.draftPictures = [samplePicture('gone')];
    await conversation.send('Q');
    expect(lastAnswer()).toMatchObject({ state: 'error', failure: { detail: 'gone' } });
    expect(requests).toEqual([]);
  });

  test('looking is told until the first word', async () => {
    let told: unknown;
    const looked = async function* () {
      yield chunk('word');
      yield chunk('', 'stop');
    };
    const conversation: Conversation = new Conversation(
      async ({ onPictures }) => {
        onPictures({ tilesDone: 1, tilesTotal: 7 });
        told = conversation.looking;
        return looked();
      },
      () => 'stop',
    );
    await conversation.send('Q');
    expect(told).toEqual({ tilesDone: 1, tilesTotal: 7 });
    expect(conversation.looking).toBeNull();
  });
});
