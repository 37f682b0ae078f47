import { expect, test } from 'vitest';
import { sampleChat } from '../testing/sampleChat';
import { searchChats, searchTextOf } from './searchChats';

const kiwis = sampleChat(['What is a Kiwi?', 'A bird of New Zealand,\nand a fruit.'], { updatedAt: 1 });
const trip = sampleChat(['去新西兰旅行', '可以看到几维鸟。'], { updatedAt: 2, name: 'Journey with kiwi' });
const texts = [kiwis, trip].map(searchTextOf);
const idsOf = (query: string) => searchChats(texts, query).map(({ id }) => id);

test('every word has to occur, in title or messages, in any case', () => {
  expect(idsOf('kiwi')).toEqual([trip.id, kiwis.id]);
  expect(idsOf('KIWI  bird')).toEqual([kiwis.id]);
  expect(idsOf('kiwi 旅行')).toEqual([trip.id]);
  expect(idsOf('kiwi whale')).toEqual([]);
  expect(idsOf('  ')).toEqual([]);
});

test('a hit leads to the message and shows the words around', () => {
  expect(searchChats(texts, 'zealand')).toEqual([
    { id: kiwis.id, messageId: 1, excerpt: 'A bird of New Zealand, and a fruit.' },
  ]);
  expect(searchChats(texts, 'journey')).toEqual([{ id: trip.id, messageId: null, excerpt: '' }]);
});

test('a hit in a long message is cut on both sides', () => {
  const long = searchTextOf(sampleChat([`${'a '.repeat(100)}needle ${'b '.repeat(100)}`]));
  const [hit] = searchChats([long], 'needle');
  expect(hit!.excerpt).toMatch(/^….{24}needle.+…$/);
});
