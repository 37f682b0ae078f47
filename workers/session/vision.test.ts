import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { JsonObject } from '../checkpoint/json';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyConfig, tinyFolder } from '../testing/tinyCheckpoint';
import { tinyVisionFolder } from '../testing/tinyVisionCheckpoint';
import type { PromptTile } from './featureStore';
import { loadModel } from './loadModel';
import type { SessionInput } from './prompt';
import type { Session } from './session';

async function load(files: File[], contextLength = 128): Promise<Session> {
  const database = newDatabase();
  const { id } = await importModel(files, { database, quantization: 'f32' });
  const { signal } = new AbortController();
  return loadModel(new WeightStore(database), { backend: 'cpu' }, id, { contextLength }, () => undefined, signal);
}

async function generate(session: Session, input: SessionInput, maxTokens = 10) {
  const tokens: number[] = [];
  const options = { temperature: 0, ignore_eos: true, max_tokens: maxTokens };
  const { signal } = new AbortController();
  const result = await session.generate(input, options, ({ tokenId }) => tokens.push(tokenId), signal);
  return { ...result, tokens };
}

const PROMPT = Array.from({ length: 60 }, (_, i) => 3 + ((i * 37) % 200));

function tileAt(session: Session, start: number, seed: number): PromptTile {
  const values = () => new Random(seed).rows(36, 48, session.encoder!.patchWidth);
  return { key: `tile ${seed}`, start, patches: () => ({ rows: 6, columns: 6, values: values() }) };
}

test('text alone: the same tokens as from the language model by itself', async () => {
  const session = await load(tinyVisionFolder());
  const language: JsonObject = { hidden_size: 128, tie_word_embeddings: false };
  const alone = await load(tinyFolder(tinyConfig(language)));
  const { tokens } = await generate(session, { tokenIds: PROMPT });
  expect(tokens).toEqual((await generate(alone, { tokenIds: PROMPT })).tokens);
  // Recorded graphs have one operation more for features, in prefill alone.
  expect(session.stats().weightBytesPerToken).toBe(alone.stats().weightBytesPerToken);
});

test('more tiles than fit are refused, and those used longest ago are forgotten', async () => {
  // Room for 8 tiles of 9 rows in 70 tokens.
  const session = await load(tinyVisionFolder(), 70);
  const prompt = (seeds: number[]) => ({
    tokenIds: PROMPT,
    tiles: seeds.map((seed, i) => tileAt(session, 1 + 9 * i, seed)),
  });
  const first = await generate(session, prompt([1, 2, 3]));
  await generate(session, prompt([4, 5, 6]));
  expect(session.stats()).toMatchObject({ tilesEncoded: 6, tilesReused: 0 });
  // Tile 1 was used before tile 4: it makes room for tiles 7, 8 and 9.
  await generate(session, prompt([2, 7, 8]));
  await generate(session, prompt([9, 4, 5]));
  expect(session.stats()).toMatchObject({ tilesEncoded: 9, tilesReused: 3 });
  const again = await generate(session, prompt([1, 2, 3]));
  expect(again.tokens).toEqual(first.tokens);
  expect(session.stats().tilesEncoded).toBeGreaterThan(9);
  const tiles = Array.from({ length: 9 }, (_, i) => tileAt(session, i, 20 + i));
  await expect(generate(session, { tokenIds: PROMPT, tiles })).rejects.toMatchObject({ name: 'ContextFullError' });
});

test('pictures are refused by a model without eyes, and at the end of a prompt', async () => {
  const session = await load(tinyVisionFolder());
  const alone = await load(tinyFolder());
  const input = { tokenIds: PROMPT, tiles: [tileAt(session, 1, 1)] };
  await expect(generate(alone, input)).rejects.toMatchObject({ name: 'UnsupportedError' });
  const ending = { tokenIds: PROMPT, tiles: [tileAt(session, PROMPT.length - 9, 1)] };
  await expect(generate(session, ending)).rejects.toThrow('ends in a picture');
});

test('a stop ends the encoding of a picture', async () => {
  const session = await load(tinyVisionFolder());
  const stop = new AbortController();
  const tile = tileAt(session, 1, 1);
  const patches = () => {
    stop.abort();
    return tile.patches();
  };
  const input = { tokenIds: PROMPT, tiles: [{ ...tile, patches }] };
  const result = await session.generate(input, { temperature: 0 }, () => undefined, stop.signal);
  expect(result).toMatchObject({ finishReason: 'aborted', completionTokens: 0 });
  expect(session.stats().tilesEncoded).toBe(0);
  expect((await generate(session, { tokenIds: PROMPT, tiles: [tile] })).tokens).toHaveLength(10);
});
