import { expect, test } from 'vitest';
import { framesOf } from '../chat/message';
import type { Picture } from '../pictures/picture';
import { samplePicture } from '../testing/sampleChat';
import { timeOf, type Entry } from './entry';
import { keptChat } from './keptChat';

function entry(id: number, position: number | null, text: string, asked: string | null = null): Entry {
  return { id, at: new Date(2026, 0, 1, 9, 5, id).getTime(), position, asked, text, state: 'done', thumbnail: null };
}

test('times are those of the day, or of the video file', () => {
  expect(timeOf(entry(7, null, ''), 'en')).toBe('09:05:07');
  expect(timeOf(entry(7, 75.9, ''), 'en')).toBe('1:15');
});

test('remarks become one answer to the standing question, questions in between turns of their own', () => {
  const entries = [
    entry(0, 1, 'A cat.'),
    entry(1, 9, 'A dog.'),
    entry(2, 12, 'The cat.', 'Who came first?'),
    entry(3, 70, 'A bird.'),
  ];
  const chat = keptChat(entries, 'What is happening?', (each) => timeOf(each, 'en'), new Map());
  expect(chat.messages.map(({ id, parentId, text }) => [id, parentId, text])).toEqual([
    [0, null, 'What is happening?'],
    [1, 0, '**0:01** A cat.\n\n**0:09** A dog.'],
    [2, 1, 'Who came first?'],
    [3, 2, 'The cat.\n\n**1:10** A bird.'],
  ]);
  expect(chat.leafId).toBe(3);
});

test('each answer has the frames that it tells of, in their order', () => {
  const entries = [entry(3, 1, 'A cat.'), entry(4, 9, 'A dog.'), entry(5, 12, 'The cat.', 'Who came first?')];
  const frames = new Map([3, 4, 5].map((id) => [id, samplePicture(`frame-${id}`)]));
  const framesIn = (of: ReadonlyMap<number, Picture>) =>
    keptChat(entries, 'What is happening?', () => '', of).messages.map((message) =>
      framesOf(message).map(({ id }) => id),
    );
  expect(framesIn(frames)).toEqual([[], ['frame-3', 'frame-4'], [], ['frame-5']]);
  frames.delete(3);
  frames.delete(5);
  expect(framesIn(frames)).toEqual([[], ['frame-4'], [], []]);
});
