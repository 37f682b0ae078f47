import type { ImageConfig } from '../checkpoint/imageConfig';
import { engineError } from '../errors';
import type { ChatMessage } from '../protocol/chat';
import { tileSizes, tileTokenCount, type SlicePlan } from './slicing';

/** Half-open: tokens `start` to `end - 1`. */
export interface TokenRange {
  start: number;
  end: number;
}

/**
 * The text that stands for a picture in a prompt: one feature token for each row that the connector will make of a tile,
 * between the tags of the model's layout. `index` counts the pictures of the whole prompt from 0.
 */
export function picturePlaceholder(plan: SlicePlan, index: number, config: ImageConfig): string {
  const features = tileSizes(plan).map((tile) => config.featureToken.repeat(tileTokenCount(tile, config)));
  const id = config.hasImageIds ? `<image_id>${index}</image_id>` : '';
  const overview = `${id}<image>${features[0]}</image>`;
  if (plan.slices === null) return overview;
  const { columns, rows } = plan.slices;
  const slice = config.layout === 'nested' ? `<image>${features[1]}</image>` : `<slice>${features[1]}</slice>`;
  const grid = Array<string>(rows).fill(slice.repeat(columns)).join('\n');
  return config.layout === 'nested' ? `${overview}<slice>${grid}</slice>` : overview + grid;
}

/**
 * Where in an encoded prompt the features of each tile go, tile by tile in the order of `plans`. Throws UnsupportedError
 * where the tokens are not those of the plans: a message spells out tags, or the tokenizer has no picture tokens.
 */
export function featureRanges(
  tokenIds: readonly number[],
  plans: readonly SlicePlan[],
  config: ImageConfig,
  tokenIdOf: (token: string) => number | null,
): TokenRange[] {
  const feature = tokenIdOf(config.featureToken);
  const closingOf = new Map(
    ['image', 'slice'].map((tag) => [tokenIdOf(`<${tag}>`) ?? NaN, tokenIdOf(`</${tag}>`) ?? NaN]),
  );
  const ranges: TokenRange[] = [];
  for (let end = 0; end < tokenIds.length; end++) {
    if (tokenIds[end] !== feature) continue;
    const start = end;
    while (tokenIds[end] === feature) end++;
    const closing = closingOf.get(tokenIds[start - 1]!);
    if (closing !== undefined && closing === tokenIds[end]) ranges.push({ start, end });
  }
  const lengths = plans.flatMap((plan) => tileSizes(plan).map((tile) => tileTokenCount(tile, config)));
  const isRight = ranges.length === lengths.length && ranges.every(({ start, end }, i) => end - start === lengths[i]);
  if (isRight) return ranges;
  throw engineError(
    'UnsupportedError',
    `the prompt holds ${ranges.length} places for tiles of pictures where ${lengths.length} are expected: ` +
      'a message spells out picture tokens, or the tokenizer lacks them',
  );
}

/**
 * The messages with pictures where the model was trained to find them: in models for one picture, in front of the text
 * of its message. Throws UnsupportedError where such a model is given more than one.
 */
export function arrangePictures(messages: readonly ChatMessage[], config: ImageConfig): ChatMessage[] {
  if (!config.isSinglePicture) return [...messages];
  const pictures = messages.flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter(isPicture).length;
  if (pictures > 1) {
    throw engineError(
      'UnsupportedError',
      `messages: this model looks at one picture in a conversation, not at ${pictures}`,
    );
  }
  return messages.map((message) => {
    const { content } = message;
    if (!Array.isArray(content)) return message;
    return { ...message, content: [...content.filter(isPicture), ...content.filter((part) => !isPicture(part))] };
  });
}

function isPicture(part: { type: string }): boolean {
  return part.type === 'image_url';
}
