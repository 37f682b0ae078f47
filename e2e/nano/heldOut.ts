import { readFileSync } from 'node:fs';
import type { ChatMessage } from '../../src/engine/api';
import type { PictureQuestions, WorldPicture } from './pictures';

/** A question that training has not seen. */
export interface HeldOut {
  about: 'text' | 'pictures';
  task: string;
  lang: 'zh' | 'en';
  messages: ChatMessage[];
  answer: string;
}

/** The questions of heldout.json, then those of heldOutPictures.json with pictures as `draw` makes their addresses. */
export async function heldOut(draw: (picture: WorldPicture) => Promise<string>): Promise<HeldOut[]> {
  const questions = read<Omit<HeldOut, 'about'>[]>('heldout.json').map((question): HeldOut => ({
    about: 'text',
    ...question,
  }));
  for (const { picture, questions: asked } of read<PictureQuestions[]>('heldOutPictures.json')) {
    const url = await draw(picture);
    for (const { task, lang, question, answer } of asked) {
      questions.push({ about: 'pictures', task, lang, messages: [askAbout(url, question)], answer });
    }
  }
  return questions;
}

/** A message that shows the picture at a `data:` address and asks about it. */
export function askAbout(url: string, question: string): ChatMessage {
  const content = [
    { type: 'image_url' as const, image_url: { url } },
    { type: 'text' as const, text: question },
  ];
  return { role: 'user', content };
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(`e2e/nano/${name}`, 'utf8')) as T;
}
