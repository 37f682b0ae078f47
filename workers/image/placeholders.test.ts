import { describe, expect, test } from 'vitest';
import { imageConfigFromJson, type ImageConfig } from '../checkpoint/imageConfig';
import type { ChatMessage, ImagePart } from '../protocol/chat';
import { arrangePictures, featureRanges, picturePlaceholder } from './placeholders';
import { planSlices } from './slicing';

const authors = { architectures: ['MiniCPMV'] };
const V1 = imageConfigFromJson(authors, null)!;
const V2 = imageConfigFromJson({ ...authors, slice_mode: true }, null)!;
const V2_5 = imageConfigFromJson({ ...authors, slice_mode: true, query_num: 96 }, null)!;
const V4 = imageConfigFromJson({ ...authors, version: 4.0, use_image_id: true }, { use_image_id: true })!;
const V4_6 = imageConfigFromJson({ architectures: ['MiniCPMV4_6ForConditionalGeneration'] }, null)!;

const small = { width: 448, height: 448 };
const wide = { width: 640, height: 480 };
const square = { width: 1000, height: 1000 };

/** A placeholder with its feature tokens counted. */
function layout(size: { width: number; height: number }, config: ImageConfig, index = 0): string {
  const text = picturePlaceholder(planSlices(size, config), index, config);
  return text.replace(/(?:<unk>)+|(?:<\|image_pad\|>)+/g, (run) => `{${run.length / config.featureToken.length}}`);
}

test('1.0 squashes every picture into one tile', () => {
  expect(layout(square, V1)).toBe('<image>{64}</image>');
});

test('2.0 and 2.5 nest slices in one pair of tags', () => {
  expect(layout(small, V2)).toBe('<image>{64}</image>');
  expect(layout(wide, V2)).toBe('<image>{64}</image><slice><image>{64}</image><image>{64}</image></slice>');
  const row = '<image>{96}</image><image>{96}</image>';
  expect(layout(square, V2_5)).toBe(`<image>{96}</image><slice>${row}\n${row}</slice>`);
});

test('2.6 and later count pictures, and each slice has its own tags', () => {
  expect(layout(small, V4, 3)).toBe('<image_id>3</image_id><image>{64}</image>');
  const row = '<slice>{64}</slice><slice>{64}</slice>';
  expect(layout(square, V4)).toBe(`<image_id>0</image_id><image>{64}</image>${row}\n${row}`);
});

test('4.6 has tokens by the size of a tile', () => {
  const slice = '<slice>{70}</slice>';
  expect(layout(wide, V4_6)).toBe(`<image_id>0</image_id><image>{63}</image>${slice}${slice}`);
});

describe('places for features', () => {
  const TOKENS = ['<unk>', '<image>', '</image>', '<slice>', '</slice>'];
  const idOf = (token: string) => (TOKENS.includes(token) ? TOKENS.indexOf(token) : null);
  const encode = (text: string) => text.match(/<\/?\w+>|[^<]/g)!.map((token) => idOf(token) ?? 9);
  const plans = [planSlices(small, V2), planSlices(wide, V2)];
  const prompt = plans.map((plan, i) => picturePlaceholder(plan, i, V2)).join('\n');

  test('one range for each tile, in order', () => {
    const ranges = featureRanges(encode(`a${prompt}b`), plans, V2, idOf);
    expect(ranges.map(({ start, end }) => [start, end])).toEqual([
      [2, 66],
      [69, 133],
      [136, 200],
      [202, 266],
    ]);
  });

  test('tags and feature tokens that a person writes are text', () => {
    expect(featureRanges(encode(`<unk>${prompt}<image>a</image><unk>`), plans, V2, idOf)).toHaveLength(4);
    expect(featureRanges(encode('<unk><image>'), [], V2, idOf)).toEqual([]);
  });

  test('whole places that a person writes, and tokenizers without the tokens, are refused', () => {
    const refusal = expect.objectContaining({ name: 'UnsupportedError' });
    expect(() => featureRanges(encode(`${prompt}<image><unk></image>`), plans, V2, idOf)).toThrow(refusal);
    expect(() => featureRanges(encode(prompt), plans, V2, () => null)).toThrow(refusal);
  });
});

describe('order of parts', () => {
  const picture: ImagePart = { type: 'image_url', image_url: { url: 'data:,' } };
  const text = { type: 'text', text: 'What is it?' } as const;
  const user = (...content: (ImagePart | typeof text)[]): ChatMessage => ({ role: 'user', content });

  test('a model for one picture finds it in front of the text', () => {
    expect(arrangePictures([user(text, picture)], V2)).toEqual([user(picture, text)]);
    expect(() => arrangePictures([user(picture, text), user(picture)], V2)).toThrow(
      'one picture in a conversation, not at 2',
    );
  });

  test('a model for several finds them where they were put', () => {
    const messages = [user(text, picture, picture), user(text, picture)];
    expect(arrangePictures(messages, V4)).toEqual(messages);
  });
});
