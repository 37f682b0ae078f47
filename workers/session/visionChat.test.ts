import 'fake-indexeddb/auto';
import { describe, expect, test, vi } from 'vitest';
import type { ChatMessage } from '../protocol/chat';
import type { GenerateInput } from '../protocol/generation';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { goldenFile, hasOracle, ORACLE, oracleFiles, tokenizerFiles } from '../testing/oracle';
import { inputOf, pictureAt } from '../testing/picturePrompt';
import { inspectPicture } from './inspectPicture';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** Chats with pictures, from the messages to the logits of the authors' code, on the CPU backend. */

// Node has no decoder for pictures.
vi.mock('../image/decode', () => import('../testing/picturePrompt'));

/** Those that take several pictures in a message. */
const SEVERAL = ['tiny-minicpmv-4.0', 'tiny-minicpmv-4.6'];

const MODELS = [
  ['tiny-minicpmv-2', 'bf16', 'v1027'],
  ['tiny-minicpmv-2', 'gguf-Q4_K_M', null],
  ['tiny-minicpmv-1', 'bf16', 'v1027'],
  ['tiny-minicpmv-4.0', 'bf16', 'chatml782'],
  ['tiny-minicpmv-4.0', 'gguf-Q4_K_M', null],
  ['tiny-minicpmv-4.6', 'bf16', 'bytelevel700'],
] as const;

async function load(model: string, tokenizer: string | null): Promise<Session> {
  const database = newDatabase();
  const files =
    tokenizer === null
      ? oracleFiles(`${model}/gguf`)
      : [...oracleFiles(`${model}/safetensors-bf16`), ...tokenizerFiles(tokenizer)];
  const { id } = await importModel(files, { database, quantization: 'f32' });
  const { signal } = new AbortController();
  const request = { kvCache: 'f32' as const };
  return loadModel(new WeightStore(database), { backend: 'cpu' }, id, request, () => undefined, signal);
}

async function answer(session: Session, input: GenerateInput, maxTokens: number) {
  const tokens: number[] = [];
  const options = { temperature: 0, repetition_penalty: 1, ignore_eos: true, max_tokens: maxTokens };
  const { signal } = new AbortController();
  const result = await session.generate(input, options, ({ tokenId }) => tokens.push(tokenId), signal);
  return { ...result, tokens };
}

describe.skipIf(!hasOracle)('chats with pictures', () => {
  test.each(MODELS)('%s %s: tokens, logits and answers', { timeout: 120_000 }, async (model, variant, tokenizer) => {
    const session = await load(model, tokenizer);
    expect(session.info.mostPictures).toBe(SEVERAL.includes(model) ? undefined : 1);
    const { prompts, tensor } = goldenFile(model, variant);
    for (const prompt of prompts) {
      const input = inputOf(model, prompt);
      const { tokenIds, logits } = await session.forward(input, 'last');
      expect(tokenIds, `prompt ${prompt.index}`).toEqual(prompt.input_ids);
      const want = tensor(`p${prompt.index}.logits_last`)!.values;
      const difference = want.reduce((most, logit, i) => Math.max(most, Math.abs(logits[i]! - logit)), 0);
      expect(difference / prompt.logits_std, `prompt ${prompt.index}`).toBeLessThan(1e-3);
      const { tilesEncoded } = session.stats();
      const { tokens } = prompt.greedy;
      expect((await answer(session, input, tokens.length)).tokens, `prompt ${prompt.index}`).toEqual(tokens);
      expect(session.stats().tilesEncoded).toBe(tilesEncoded);
    }
    await session.dispose();
  });

  // 4.6 leaves its empty thought out of the next prompt: a copy of the state stands in front of what closes a prompt.
  test.each([
    ['tiny-minicpmv-4.0', 'chatml782', 'shapes_100x90.png', 1],
    ['tiny-minicpmv-4.6', 'bytelevel700', 'shapes_150x120.png', 16],
  ])('a second question to %s computes neither the picture nor what was said', { timeout: 60_000 }, async (...of) => {
    const [model, tokenizer, file, closing] = of;
    const session = await load(model, tokenizer);
    const shown = pictureAt(`${model}/images/${file}`);
    const first: ChatMessage = { role: 'user', content: [shown, { type: 'text', text: 'What is in the image?' }] };
    const { promptTokens } = await answer(session, { messages: [first] }, 5);
    const before = session.stats();
    const next: ChatMessage[] = [
      first,
      { role: 'assistant', content: 'x' },
      { role: 'user', content: 'And what else?' },
    ];
    const second = await answer(session, { messages: next }, 5);
    // The template's last words before the answer are the same in both.
    expect(second.cachedTokens).toBeGreaterThanOrEqual(promptTokens - closing);
    expect(session.stats().tilesEncoded).toBe(before.tilesEncoded);
    expect(session.stats().tilesReused).toBe(before.tilesReused + 1);
    await session.dispose();
  });

  test('a picture costs what inspecting it says, at every number of slices', { timeout: 60_000 }, async () => {
    const session = await load('tiny-minicpmv-4.0', 'chatml782');
    const path = 'tiny-minicpmv-4.0/images/shapes_120x280.png';
    const tokensWith = async (image_url: object) => {
      const part = pictureAt(path);
      const shown = { ...part, image_url: { ...part.image_url, ...image_url } };
      const content: ChatMessage['content'] = [shown, { type: 'text', text: 'What is in the image?' }];
      const messages: ChatMessage[] = [{ role: 'user', content }];
      const pictures = (await session.openPictures(messages))!;
      const tokenIds = pictures.encode({ messages });
      pictures.close();
      return tokenIds.length;
    };
    const { plans, ...inspection } = await inspectPicture(session, new Blob([`${ORACLE}/${path}`]));
    expect(inspection).toMatchObject({ width: 120, height: 280, secondsPerTile: null });
    expect(plans[0]).toMatchObject({ maxSlices: 1, columns: 1, rows: 1, tiles: 1 });
    expect(plans.length).toBeGreaterThan(1);
    const most = plans.at(-1)!;
    const whole = await tokensWith({});
    for (const { maxSlices, columns, rows, tiles, tokens } of plans) {
      if (maxSlices > 1) expect(tiles).toBe(columns * rows + 1);
      expect(whole - (await tokensWith({ max_slices: maxSlices }))).toBe(most.tokens - tokens);
    }
    expect(await tokensWith({ detail: 'low' })).toBe(await tokensWith({ max_slices: 1 }));
    expect(await tokensWith({ detail: 'high', max_slices: 99 })).toBe(whole);
    await session.dispose();
  });

  test('addresses on a server, and messages that spell out tags, are refused', { timeout: 60_000 }, async () => {
    const session = await load('tiny-minicpmv-4.0', 'chatml782');
    const elsewhere = { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } };
    const ask = (content: ChatMessage['content']) => answer(session, { messages: [{ role: 'user', content }] }, 1);
    await expect(ask([elsewhere])).rejects.toMatchObject({ name: 'UnsupportedError' });
    await expect(
      ask([{ type: 'text', text: '<image><unk></image>' }, pictureAt('tiny-minicpmv-4.0/images/shapes_100x90.png')]),
    ).rejects.toMatchObject({
      name: 'UnsupportedError',
    });
    await session.dispose();
  });
});
