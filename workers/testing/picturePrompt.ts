import { pictureOfBytes, type Picture } from '../image/picture';
import type { ChatMessage } from '../protocol/chat';
import { ORACLE, questionOf, type GoldenPrompt } from './oracle';
import { readRgbPng } from './png';

/** In place of `image/decode` where nothing decodes pictures, as in Node: the bytes are the path of a PNG file. */
export async function decodePicture(file: Blob): Promise<Picture> {
  const { width, height, rgba } = readRgbPng(await file.text());
  return pictureOfBytes(width, height, rgba);
}

/** A picture of the oracle, for `decodePicture`. */
export function pictureAt(path: string) {
  return { type: 'image_url' as const, image_url: { url: `data:,${ORACLE}/${path}` } };
}

/** A prompt of a model of the oracle as a person's message with its pictures; as tokens where it has no question. */
export function inputOf(
  model: string,
  { image, images = image ? [image] : [], ...prompt }: GoldenPrompt,
): { messages: ChatMessage[] } | { tokenIds: number[] } {
  const question = questionOf(prompt);
  if (question === undefined) return { tokenIds: prompt.input_ids };
  const pictures = images.map((path) => pictureAt(`${model}/${path}`));
  return { messages: [{ role: 'user', content: [...pictures, { type: 'text', text: question }] }] };
}
