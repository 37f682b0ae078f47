import { expect, test } from 'vitest';
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
  const chat = keptChat(entries, 'What is happening?', (each) => timeOf(each, 'en'));
  expect(chat.messages.map(({ id, parentId, text }) => [id, parentId, text])).toEqual([
    [0, null, 'What is happening?'],
    [1, 0, '**0:01** A cat.\n\n**0:09** A dog.'],
    [2, 1, 'Who came first?'],
    [3, 2, 'The cat.\n\n**1:10** A bird.'],
  ]);
  expect(chat.leafId).toBe(3);
});
