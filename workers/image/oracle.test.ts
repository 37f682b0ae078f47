import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageConfigFromJson, type ImageConfig } from '../checkpoint/imageConfig';
import type { JsonObject } from '../checkpoint/json';
import type { ChatMessage, ImagePart } from '../protocol/chat';
import { goldenFiles } from '../testing/goldenFiles';
import { hasOracle, ORACLE, questionOf } from '../testing/oracle';
import { readRgbPng } from '../testing/png';
import { tokenizerFromSentencePiece } from '../tokenizer/fromSentencePiece';
import { parseSentencePieceModel } from '../tokenizer/sentencePieceModel';
import { Tokenizer } from '../tokenizer/tokenizer';
import { pictureOfBytes } from './picture';
import { arrangePictures, featureRanges, picturePlaceholder } from './placeholders';
import { planSlices } from './slicing';
import { pictureTiles, tilePixels, type Tile } from './tiles';

const MODELS = ['tiny-minicpmv-1', 'tiny-minicpmv-2', 'tiny-minicpmv-4.0', 'tiny-minicpmv-4.6'];

interface GoldenPrompt {
  index: number;
  input_ids: number[];
  prompt_text?: string;
  question?: string;
  image?: string;
  images?: string[];
  image_bounds?: [number, number][];
  tile_sizes_hw?: [number, number][];
  target_sizes_hw_patches?: [number, number][];
}

function readJson(path: string): JsonObject {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** 1.0 and 2.0 call sentencepiece itself. */
function tokenizerOf(config: JsonObject): Tokenizer {
  const text = (config.text_config ?? config) as { vocab_size: number };
  const kind = config.version === 4 ? 'chatml' : 'text_config' in config ? 'bytelevel' : 'v';
  const folder = `${ORACLE}/tiny-tokenizers/${kind}${text.vocab_size}`;
  const published = `${ORACLE}/tokenizers/minicpm-v-4.6/chat_template.jinja`;
  const tokenizerConfig = readJson(`${folder}/tokenizer_config.json`);
  const parts =
    kind === 'v'
      ? tokenizerFromSentencePiece(parseSentencePieceModel(readFileSync(`${folder}/tokenizer.model`)), {
          ...tokenizerConfig,
          tokenizer_class: 'MiniCPMVTokenizer',
        })
      : { tokenizer: readJson(`${folder}/tokenizer.json`), config: tokenizerConfig };
  return new Tokenizer({ ...parts, chatTemplate: kind === 'bytelevel' ? readFileSync(published, 'utf8') : null });
}

/** The pixels of a golden tile that was laid out as a strip of patches: [3, 14, 14 · patches]. */
function strip(tile: Tile, pixels: Float32Array, patchSize: number): Float32Array {
  const { width, height, patchColumns } = tile;
  const length = width * height;
  return pixels.map((_, i) => {
    const [channel, rest] = [Math.floor(i / length), i % length];
    const stripWidth = length / patchSize;
    const [y, x] = [Math.floor(rest / stripWidth), rest % stripWidth];
    const patch = Math.floor(x / patchSize);
    const row = Math.floor(patch / patchColumns) * patchSize + y;
    const column = (patch % patchColumns) * patchSize + (x % patchSize);
    return pixels[channel * length + row * width + column]!;
  });
}

describe.skipIf(!hasOracle).each(MODELS)('%s (skipped where the oracle is absent)', (model) => {
  const folder = `${ORACLE}/${model}`;
  const config = hasOracle ? readJson(`${folder}/safetensors-bf16/config.json`) : {};
  const preprocessor =
    hasOracle && model !== 'tiny-minicpmv-1' ? readJson(`${folder}/safetensors-bf16/preprocessor_config.json`) : null;
  const image = hasOracle ? imageConfigFromJson(config, preprocessor)! : (null as unknown as ImageConfig);
  const { json, tensors } = hasOracle
    ? goldenFiles<{ prompts: GoldenPrompt[] }>(model, 'bf16')
    : { json: { prompts: [] }, tensors: new Map() };
  const pictures = ({ image, images }: GoldenPrompt) =>
    (images ?? (image === undefined ? [] : [image])).map((path) => readRgbPng(`${folder}/${path}`));

  test('tiles have the golden pixels', async () => {
    let compared = 0;
    for (const prompt of json.prompts) {
      const tiles: Tile[] = [];
      for (const { width, height, rgba } of pictures(prompt)) {
        const plan = planSlices({ width, height }, image);
        tiles.push(...(await pictureTiles(pictureOfBytes(width, height, rgba), plan, image)));
      }
      if (prompt.tile_sizes_hw) expect(tiles.map(({ height, width }) => [height, width])).toEqual(prompt.tile_sizes_hw);
      if (prompt.target_sizes_hw_patches) {
        const sides = tiles.map(({ patchRows, patchColumns }) => [patchRows, patchColumns]);
        expect(sides).toEqual(prompt.target_sizes_hw_patches);
      }
      const joined = tensors.get(`p${prompt.index}.pixel_values`)?.values;
      let before = 0;
      tiles.forEach((tile, k) => {
        const pixels = tilePixels(tile, image);
        const golden = tensors.get(`p${prompt.index}.tile${k}.pixels`);
        if (golden) {
          expect(golden.shape).toEqual([3, tile.height, tile.width]);
          expect(pixels.every((value, i) => Math.abs(value - golden.values[i]!) <= 1e-6)).toBe(true);
          compared++;
        }
        if (joined) {
          // The strips of all tiles lie side by side.
          const [own, all] = [pixels.length / 3 / image.patchSize, joined.length / 3 / image.patchSize];
          const isSame = strip(tile, pixels, image.patchSize).every((value, i) => {
            return Math.abs(value - joined[Math.floor(i / own) * all + before + (i % own)]!) <= 1e-6;
          });
          expect(isSame).toBe(true);
          before += own;
          compared++;
        }
      });
    }
    expect(compared).toBeGreaterThan(0);
  });

  test('prompts have the golden tokens and places for features', () => {
    const tokenizer = tokenizerOf(config);
    for (const prompt of json.prompts) {
      const question = questionOf(prompt);
      if (prompt.prompt_text === undefined || question === undefined) continue;
      const plans = pictures(prompt).map((size) => planSlices(size, image));
      const parts: ImagePart[] = plans.map(() => ({ type: 'image_url', image_url: { url: 'data:,' } }));
      const messages: ChatMessage[] = [{ role: 'user', content: [...parts, { type: 'text', text: question }] }];
      const tokenIds = tokenizer.encodeChat(
        arrangePictures(messages, image),
        {},
        {
          imagePlaceholder: (index) => picturePlaceholder(plans[index]!, index, image),
        },
      );
      expect(tokenIds).toEqual(prompt.input_ids);
      const ranges = featureRanges(tokenIds, plans, image, (token) => tokenizer.tokenId(token));
      if (prompt.image_bounds) expect(ranges.map(({ start, end }) => [start, end])).toEqual(prompt.image_bounds);
      expect(ranges).toHaveLength(
        plans.length === 0 ? 0 : (prompt.tile_sizes_hw ?? prompt.target_sizes_hw_patches)!.length,
      );
    }
  });
});
