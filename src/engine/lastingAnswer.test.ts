import { expect, test } from 'vitest';
import type { ChatCompletionChunk, ChatRequest } from './api';
import { lastingAnswer } from './lastingAnswer';

const TOKENS = [11, 12, 13, 14, 15, 16];

/** Writes TOKENS on devices each of which is lost behind so many tokens. */
function writer(...lifetimes: number[]) {
  const requests: (number[] | undefined)[] = [];
  const seeds = new Set<number | undefined>();
  const begin = async ({ written_token_ids: written = [], seed }: Omit<ChatRequest, 'stream'>) => {
    requests.push(written);
    seeds.add(seed);
    const left = lifetimes[requests.length - 1] ?? Infinity;
    return tokens(TOKENS.slice(written.length), left);
  };
  return { begin, requests, seeds };
}

async function* tokens(ids: number[], lifetime: number): AsyncGenerator<ChatCompletionChunk> {
  for (const [i, id] of ids.entries()) {
    if (i === lifetime) throw Object.assign(new Error('gone'), { name: 'DeviceLostError' });
    const choice = {
      index: 0,
      delta: { content: `${id} ` },
      finish_reason: null,
      logprobs: null,
      token_ids: [id],
    } as const;
    yield { id: '', object: 'chat.completion.chunk', created: 0, model: '', choices: [{ ...choice, token_ids: [id] }] };
  }
}

async function read(answer: AsyncIterable<ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}

const request = { messages: [{ role: 'user' as const, content: 'hi' }] };

test('an answer goes on behind what it has, on one device after the other', async () => {
  const { begin, requests, seeds } = writer(2, 3);
  let recoveries = 0;
  const text = await read(lastingAnswer(request, begin, async () => void recoveries++));
  expect(text).toBe('11 12 13 14 15 16 ');
  expect(requests).toEqual([[], [11, 12], [11, 12, 13, 14, 15]]);
  expect(recoveries).toBe(2);
  expect([...seeds]).toEqual([expect.any(Number)]);
});

test('the third loss is told, and so is a model that does not come back', async () => {
  const thrice = writer(1, 1, 1);
  await expect(read(lastingAnswer(request, thrice.begin, async () => undefined))).rejects.toThrow('gone');
  expect(thrice.requests).toHaveLength(3);
  const failing = lastingAnswer(request, writer(1).begin, () => Promise.reject(new Error('no memory')));
  await expect(read(failing)).rejects.toThrow('no memory');
});

test('other errors are none of its business, and a stop is no reason to bring anything back', async () => {
  const broken = () => Promise.reject(new RangeError('senseless'));
  const never = () => Promise.reject(new Error('was called'));
  await expect(read(lastingAnswer(request, broken, never))).rejects.toThrow(RangeError);
  const stop = new AbortController();
  stop.abort();
  const stopped = lastingAnswer({ ...request, signal: stop.signal }, writer(1).begin, never);
  await expect(read(stopped)).rejects.toThrow('gone');
});
