import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { SHAPES } from '../bench/shapes';
import { createSyntheticModel } from '../bench/syntheticModel';
import { engineError } from '../errors';
import { CpuBackend } from '../ops/cpuBackend';
import { CpuTokenLoop } from '../ops/cpuTokenLoop';
import type { ChatInput, ChatMessage } from '../protocol/chat';
import type { GeneratedToken, SamplingOptions } from '../protocol/generation';
import type { KernelReport } from '../protocol/kernels';
import type { Progress } from '../protocol/progress';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { tinyConfig, tinyFolder } from '../testing/tinyCheckpoint';
import { loadModel } from './loadModel';
import { Session } from './session';

const PROMPT = Array.from({ length: 10 }, (_, i) => 3 + ((i * 37) % 200));
const GREEDY: SamplingOptions = { temperature: 0, ignore_eos: true };

const database = newDatabase();
let id: string;

beforeAll(async () => {
  ({ id } = await importModel(tinyFolder(), { database, quantization: 'f32' }));
});

function load(contextLength = 128, onProgress = (_: Progress) => {}, signal = new AbortController().signal) {
  return loadModel(new WeightStore(database), { backend: 'cpu' }, id, { contextLength }, onProgress, signal);
}

/** Generates and collects; `stopAfter` tokens the person presses stop. */
async function generate(session: Session, tokenIds: number[], options: SamplingOptions, stopAfter = Infinity) {
  const stop = new AbortController();
  if (stopAfter === 0) stop.abort();
  const tokens: GeneratedToken[] = [];
  const onToken = (token: GeneratedToken) => {
    if (tokens.push(token) === stopAfter) stop.abort();
  };
  const result = await session.generate({ tokenIds }, { ...GREEDY, ...options }, onToken, stop.signal);
  return { ...result, tokenIds: tokens.map(({ tokenId }) => tokenId), text: tokens.map(({ text }) => text).join('') };
}

test('a second turn computes only what is new, and answers as a fresh session does', async () => {
  const session = await load();
  const first = await generate(session, PROMPT, { max_tokens: 6 });
  const secondPrompt = [...PROMPT, ...first.tokenIds, 9, 8, 7];
  const second = await generate(session, secondPrompt, { max_tokens: 6 });
  // The last token of an answer is never fed back, so it is not in the cache.
  expect(second.cachedTokens).toBe(PROMPT.length + first.tokenIds.length - 1);
  const fresh = await generate(await load(), secondPrompt, { max_tokens: 6 });
  expect(second.tokenIds).toEqual(fresh.tokenIds);
});

test('an edited prompt rolls the cache back to where it differs', async () => {
  const session = await load();
  await generate(session, PROMPT, { max_tokens: 6 });
  const edited = PROMPT.with(4, 99);
  const again = await generate(session, edited, { max_tokens: 6 });
  expect(again.cachedTokens).toBe(4);
  expect(again.tokenIds).toEqual((await generate(await load(), edited, { max_tokens: 6 })).tokenIds);
});

test('an answer that was broken off goes on behind its tokens, with the text that they held back', async () => {
  const options = { ...GREEDY, max_tokens: 40, frequency_penalty: 0.1 };
  const write = async (writtenTokenIds: number[]) => {
    const tokens: GeneratedToken[] = [];
    const input = { tokenIds: PROMPT, writtenTokenIds };
    const { signal } = new AbortController();
    const result = await (await load()).generate(input, options, (token) => tokens.push(token), signal);
    return { tokens, result };
  };
  const whole = await write([]);
  for (const length of [1, 2, 9, 39]) {
    const { tokens, result } = await write(whole.tokens.slice(0, length).map(({ tokenId }) => tokenId));
    expect(tokens).toEqual(whole.tokens.slice(length));
    expect(result).toMatchObject({ finishReason: 'length', completionTokens: 40, promptTokens: PROMPT.length });
  }
  await expect(write([5000])).rejects.toThrow(RangeError);
});

test('where drafts cannot be checked, answers go on without, and what was made for that is given back', async () => {
  const session = await load();
  const held = () => session.stats().gpuBytes;
  const before = held();
  const refusal = engineError('OutOfMemoryError', 'no room');
  const preparing = vi.spyOn(CpuTokenLoop.prototype, 'prepareCheck').mockRejectedValue(refusal);
  await session.drafts!.prepare();
  preparing.mockRestore();
  expect(session.drafts!.isReady).toBe(false);
  expect(held()).toBe(before);
  const { tokenIds } = await generate(session, [...PROMPT, ...PROMPT], { max_tokens: 6 });
  expect(tokenIds).toHaveLength(6);
});

test.each([true, false])('drafts are checked where batches have the bits of single rows: %s', async (isBatchExact) => {
  const active: KernelReport = { name: 'matvec f16', products: 'matvec', variant: 'f16', state: 'active' };
  const backend = Object.assign(new CpuBackend(), { kernelReports: [{ ...active, isBatchExact }] });
  const { parts } = await createSyntheticModel(backend, SHAPES.nano, 16);
  const { drafts } = await Session.create(parts);
  expect(drafts !== null).toBe(isBatchExact);
});

test('a stop ends the answer and leaves a cache that can be used', async () => {
  const session = await load();
  const stopped = await generate(session, PROMPT, { max_tokens: 50 }, 3);
  // The third token to arrive may be the fourth picked: one whose text is incomplete is held back.
  expect(stopped.finishReason).toBe('aborted');
  expect([3, 4]).toContain(stopped.completionTokens);
  expect(stopped.tokenIds).toHaveLength(stopped.completionTokens);
  const again = await generate(session, PROMPT, { max_tokens: 6 });
  expect(again.cachedTokens).toBe(PROMPT.length - 1);
  expect(again.tokenIds).toEqual((await generate(await load(), PROMPT, { max_tokens: 6 })).tokenIds);
});

test('a call that was stopped while it waited computes nothing', async () => {
  const session = await load();
  const running = generate(session, PROMPT, { max_tokens: 4 });
  const waiting = generate(session, [5, 6, 7], { max_tokens: 4 }, 0);
  expect(await waiting).toMatchObject({ finishReason: 'aborted', completionTokens: 0, text: '' });
  expect(await running).toMatchObject({ finishReason: 'length', completionTokens: 4 });
  expect(session.stats()).toMatchObject({ prefillTokens: PROMPT.length, decodeTokens: 3 });
});

test('a prefill that is stopped has taken its time', async () => {
  const files = tinyFolder(tinyConfig({ max_position_embeddings: 1024 }));
  const long = await importModel(files, { database, id: 'long' });
  const noProgress = () => undefined;
  const { signal } = new AbortController();
  const session = await loadModel(new WeightStore(database), { backend: 'cpu' }, long.id, {}, noProgress, signal);
  const stop = new AbortController();
  setTimeout(() => stop.abort());
  const prompt = Array.from({ length: 800 }, (_, i) => i % 200);
  const result = await session.generate({ tokenIds: prompt }, GREEDY, noProgress, stop.signal);
  expect(result).toMatchObject({ finishReason: 'aborted', completionTokens: 0 });
  expect(result.prefillSeconds).toBeGreaterThan(0);
  const { prefillTokens, contextLength } = session.stats();
  expect(prefillTokens % 64).toBe(0);
  expect(prefillTokens).toBeLessThan(prompt.length);
  expect(contextLength).toBe(1024);
});

test('a session that is disposed of ends the calls on it as a stop does', async () => {
  const session = await load();
  const running = generate(session, PROMPT, { max_tokens: 100 });
  const waiting = session.forward({ tokenIds: PROMPT }, 'all');
  const refused = expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await session.dispose();
  expect(await running).toMatchObject({ finishReason: 'aborted' });
  await refused;
});

test.each([
  [0, 0],
  [1, 0],
  [5, 4],
])('a limit of %i tokens takes %i decode steps', async (limit, steps) => {
  const session = await load();
  expect(await generate(session, PROMPT, { max_tokens: limit })).toMatchObject({
    finishReason: 'length',
    completionTokens: limit,
  });
  expect(session.stats().decodeTokens).toBe(steps);
});

test('the end of the context ends the answer; a prompt that fills it is refused', async () => {
  const session = await load(16);
  const full = await generate(session, PROMPT, {});
  // Six more tokens find room, and the logits after the last of them give a seventh.
  expect(full).toMatchObject({ finishReason: 'length', contextFull: true, completionTokens: 7 });
  expect(await generate(session, PROMPT, { max_tokens: 6 })).toMatchObject({
    finishReason: 'length',
    contextFull: false,
  });
  const tooLong = Array.from({ length: 16 }, () => 5);
  await expect(generate(session, tooLong, {})).rejects.toMatchObject({ name: 'ContextFullError' });
  expect((await generate(session, PROMPT, {})).tokenIds).toEqual(full.tokenIds);
});

test('a load that is cancelled while it compiles is an AbortError', async () => {
  const cancel = new AbortController();
  const cancelOnCompile = ({ phase }: Progress) => {
    if (phase === 'compiling') cancel.abort();
  };
  await expect(load(128, cancelOnCompile, cancel.signal)).rejects.toMatchObject({ name: 'AbortError' });
});

describe('a conversation that outgrows the context', () => {
  const said = (role: ChatMessage['role'], content: string): ChatMessage => ({ role, content });
  const turns = (count: number) =>
    Array.from({ length: count }, () => [said('user', 'a b c'), said('assistant', 'abc')]);
  const system = said('system', 'c');
  const long = [system, ...turns(8).flat(), said('user', 'b')];
  const answer = (session: Session, messages: ChatMessage[], options: Omit<ChatInput, 'messages'> = {}) =>
    session.generate({ messages, ...options }, { ...GREEDY, max_tokens: 8 }, () => {}, new AbortController().signal);

  test('is refused unless something else is asked for', async () => {
    const session = await load();
    const refused = { name: 'ContextFullError', message: expect.stringMatching(/the conversation has \d+ tokens/) };
    await expect(answer(session, long)).rejects.toMatchObject(refused);
    await expect(answer(session, long, { contextOverflow: 'stop' })).rejects.toMatchObject(refused);
    const senseless = { contextOverflow: 'forget' } as object;
    await expect(answer(session, long, senseless)).rejects.toThrow(RangeError);
  });

  test('loses its oldest turns where that is asked for, and is answered as what is left would be', async () => {
    const session = await load();
    const result = await answer(session, long, { contextOverflow: 'drop_oldest' });
    expect(result).toMatchObject({ finishReason: 'length', contextFull: false, completionTokens: 8 });
    expect(result.droppedMessages).toBeGreaterThan(0);
    const kept = [system, ...long.slice(1 + result.droppedMessages)];
    expect(kept[1]!.role).toBe('user');
    const { promptTokens } = await answer(session, kept);
    expect(result.promptTokens).toBe(promptTokens);
  });

  test('keeps the cache while it goes on after that', async () => {
    const session = await load();
    const first = await answer(session, long, { contextOverflow: 'drop_oldest' });
    const next = [...long, said('assistant', 'a'), said('user', 'c')];
    const second = await answer(session, next, { contextOverflow: 'drop_oldest' });
    expect(second.droppedMessages).toBe(first.droppedMessages);
    expect(second.cachedTokens).toBeGreaterThanOrEqual(first.promptTokens - 1);
  });

  test('is refused where its last message alone is too long', async () => {
    const messages = [...turns(2).flat(), said('user', 'b '.repeat(100))];
    await expect(answer(await load(), messages, { contextOverflow: 'drop_oldest' })).rejects.toMatchObject({
      name: 'ContextFullError',
      message: expect.stringMatching(/the last message alone has \d+ tokens, the context holds 128/),
    });
  });
});

test('the time to the first token leaves out the wait for other calls', async () => {
  const session = await load();
  const started = performance.now();
  const [before, result] = await Promise.all([
    generate(session, PROMPT, { max_tokens: 100 }),
    generate(session, [5, 6, 7], { max_tokens: 4 }),
  ]);
  const seconds = (performance.now() - started) / 1000;
  expect(result.firstTokenSeconds).toBeGreaterThanOrEqual(result.prefillSeconds);
  expect(result.firstTokenSeconds).toBeLessThanOrEqual(seconds - before.decodeSeconds);
  expect(await generate(session, PROMPT, { max_tokens: 4 }, 0)).toMatchObject({ firstTokenSeconds: null });
});
