import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyHybridFolder, tinyMergingConfig, tinyMergingFolder } from '../testing/tinyHybridCheckpoint';
import type { PromptTile } from './featureStore';
import { loadModel } from './loadModel';
import type { SessionInput } from './prompt';
import type { Session } from './session';

/** Models whose layers keep a recurrent state: reuse of what was computed, whatever the next prompt is. CPU backend. */

vi.setConfig({ testTimeout: 120_000 });

const database = newDatabase();
const language = importModel(tinyHybridFolder(), { database, quantization: 'f32' });

async function load(files?: File[]): Promise<Session> {
  const { id } = files ? await importModel(files, { database, quantization: 'f32' }) : await language;
  const { signal } = new AbortController();
  return loadModel(new WeightStore(database), { backend: 'cpu' }, id, {}, () => undefined, signal);
}

async function generate(session: Session, input: SessionInput, maxTokens = 8) {
  const tokens: number[] = [];
  const options = { temperature: 0, ignore_eos: true, max_tokens: maxTokens };
  const { signal } = new AbortController();
  const result = await session.generate(input, options, ({ tokenId }) => tokens.push(tokenId), signal);
  return { ...result, tokens };
}

/** What a session that has computed nothing yet answers. */
async function fresh(tokenIds: number[], maxTokens = 8): Promise<number[]> {
  return (await generate(await load(), { tokenIds }, maxTokens)).tokens;
}

const PROMPT = Array.from({ length: 60 }, (_, i) => 3 + ((i * 37) % 200));

test('a second turn computes only what is new, from where the first one ended', async () => {
  const session = await load();
  const first = await generate(session, { tokenIds: PROMPT });
  const secondPrompt = [...PROMPT, ...first.tokens, 9, 8, 7];
  const second = await generate(session, { tokenIds: secondPrompt });
  // The last token of an answer is never fed back.
  expect(second.cachedTokens).toBe(PROMPT.length + first.tokens.length - 1);
  expect(second.tokens).toEqual(await fresh(secondPrompt));
});

test('an answer written anew, and a turn whose answer the template rewrites, go on from a copy of the state', async () => {
  const session = await load();
  const first = await generate(session, { tokenIds: PROMPT });
  const again = await generate(session, { tokenIds: PROMPT });
  // The copy stands in front of what closes the prompt.
  expect(again.cachedTokens).toBe(PROMPT.length - 16);
  expect(again.tokens).toEqual(first.tokens);
  const rewritten = [...PROMPT.slice(0, -4), 9, 8, ...first.tokens.slice(1), 7];
  const next = await generate(session, { tokenIds: rewritten });
  expect(next.cachedTokens).toBe(PROMPT.length - 16);
  expect(next.tokens).toEqual(await fresh(rewritten));
});

test('an edited question goes on from the turn before', async () => {
  const session = await load();
  const first = await generate(session, { tokenIds: PROMPT });
  const history = [...PROMPT, ...first.tokens];
  await generate(session, { tokenIds: [...history, ...PROMPT.slice(0, 40)] });
  const edited = [...history, 5, ...PROMPT.slice(10, 50)];
  const answer = await generate(session, { tokenIds: edited });
  // A copy was made in its answer.
  expect(answer.cachedTokens).toBe(64);
  expect(answer.tokens).toEqual(await fresh(edited));
});

test('another prompt begins anew', async () => {
  const session = await load();
  await generate(session, { tokenIds: PROMPT });
  const other = [7, ...PROMPT];
  const answer = await generate(session, { tokenIds: other });
  expect(answer.cachedTokens).toBe(0);
  expect(answer.tokens).toEqual(await fresh(other));
});

test('a long answer is kept up to a whole number of 64 tokens, and copies stay few', async () => {
  const session = await load();
  const held = session.stats().gpuBytes;
  const first = await generate(session, { tokenIds: PROMPT }, 80);
  // The person goes on from the middle of the answer.
  const middle = [...PROMPT, ...first.tokens.slice(0, 75), 9, 8];
  const second = await generate(session, { tokenIds: middle });
  expect(second.cachedTokens).toBe(128);
  expect(second.tokens).toEqual(await fresh(middle));
  for (const turn of [2, 3]) await generate(session, { tokenIds: [...middle, turn, ...PROMPT] }, 70);
  expect(session.stats().gpuBytes).toBe(held);
  // That in front of what closes a prompt outlasts those of a long answer.
  const last = [...middle, 3, ...PROMPT];
  expect((await generate(session, { tokenIds: last })).cachedTokens).toBe(last.length - 16);
});

test('a stop in the middle of an answer, or of a prompt, leaves a state that can be used', async () => {
  const session = await load();
  const stop = new AbortController();
  let count = 0;
  const onToken = () => {
    if (++count === 5) stop.abort();
  };
  await session.generate({ tokenIds: PROMPT }, { temperature: 0, ignore_eos: true }, onToken, stop.signal);
  const long = Array.from({ length: 5 }, () => PROMPT).flat();
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(), 5);
  await session.generate({ tokenIds: long }, { temperature: 0 }, () => undefined, stopped.signal);
  const longer = [...long, 4, 5];
  expect((await generate(session, { tokenIds: longer })).tokens).toEqual(await fresh(longer));
});

test('drafts are not made: a state cannot forget what was wrong', async () => {
  const session = await load();
  const repeating = Array.from({ length: 20 }, () => [11, 12, 13]).flat();
  await generate(session, { tokenIds: repeating }, 40);
  expect(session.stats()).toMatchObject({ draftedTokens: 0, acceptedTokens: 0 });
});

test('logits of all positions are those of each prefix', async () => {
  const session = await load();
  const tokenIds = PROMPT.slice(0, 40);
  const { logits, vocabSize } = await session.forward({ tokenIds }, 'all');
  for (const length of [1, 17, 33, 40]) {
    const last = await session.forward({ tokenIds: tokenIds.slice(0, length) }, 'last');
    const row = logits.subarray((length - 1) * vocabSize, length * vocabSize);
    expect(Math.max(...row.map((logit, i) => Math.abs(logit - last.logits[i]!)))).toBeLessThan(1e-5);
  }
});

test('text alone: the same tokens with eyes as from the language model by itself', async () => {
  const seeing = await load(tinyMergingFolder());
  expect(seeing.info).toMatchObject({ architecture: 'qwen3.5', vision: true, family: 'MiniCPM-V' });
  expect((await generate(seeing, { tokenIds: PROMPT })).tokens).toEqual(await fresh(PROMPT));
});

/** A tile of a prompt that becomes `rows` rows of features. */
function tileAt(session: Session, start: number, rows: number, columns: number, patchesPerToken: number): PromptTile {
  const values = () => new Random(rows * columns).rows(rows * columns, 48, session.encoder!.patchWidth);
  const patches = () => ({ rows, columns, values: values() });
  return { key: `${rows} × ${columns}`, start, rows: (rows * columns) / patchesPerToken, patches };
}

test.each([16, 4])('tiles of several sizes share a prompt, %i patches to a token', async (patchesPerToken) => {
  const config = tinyMergingConfig({ downsample_mode: patchesPerToken === 4 ? '4x' : '16x' });
  const session = await load(tinyMergingFolder(config));
  const tiles = [
    tileAt(session, 5, 4, 12, patchesPerToken),
    tileAt(session, 30, 8, 8, patchesPerToken),
    tileAt(session, 50, 4, 4, patchesPerToken),
  ];
  const first = await generate(session, { tokenIds: PROMPT, tiles });
  expect(session.stats().tilesEncoded).toBe(3);
  const second = await generate(session, { tokenIds: [...PROMPT, ...first.tokens, 9], tiles });
  expect(second.cachedTokens).toBe(PROMPT.length + first.tokens.length - 1);
  expect(session.stats()).toMatchObject({ tilesEncoded: 3, tilesReused: 3 });
  expect(first.tokens).not.toEqual(await fresh(PROMPT));
});

test('a model of 16 patches to a token can be loaded with four, without what merges within its tower', async () => {
  const config = tinyMergingConfig({ downsample_mode: '4x' });
  const four = await load(tinyMergingFolder(config));
  const { id } = await importModel(tinyMergingFolder(), { database, quantization: 'f32', id: 'merging' });
  const { signal } = new AbortController();
  const loadAs = (id: string, downsampling: '16x' | '4x') =>
    loadModel(new WeightStore(database), { backend: 'cpu' }, id, { downsampling }, () => undefined, signal);
  const session = await loadAs(id, '4x');
  expect(session.config.vision).toEqual(four.config.vision);
  expect(session.stats().gpuBytes).toBe(four.stats().gpuBytes);
  await expect(loadAs(four.info.id, '16x')).rejects.toThrow('stored for 4x');
  const { id: blind } = await language;
  await expect(loadAs(blind, '4x')).rejects.toMatchObject({ name: 'UnsupportedError' });
});

test('a tile that does not come apart into windows, or is too large, is refused', async () => {
  const session = await load(tinyMergingFolder());
  const ask = (rows: number, columns: number) =>
    generate(session, { tokenIds: PROMPT, tiles: [tileAt(session, 1, rows, columns, 16)] });
  await expect(ask(6, 8)).rejects.toMatchObject({ name: 'UnsupportedError' });
  await expect(ask(4, 28)).rejects.toThrow('too long and narrow');
});
