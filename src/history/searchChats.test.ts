import { expect, test } from 'vitest';
import { sampleChat } from '../testing/sampleChat';
import { foundWords } from './foundWords';
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

test('pinned conversations stand first, as in the list', () => {
  const pinned = searchTextOf({ ...kiwis, isPinned: true });
  expect(searchChats([searchTextOf(trip), pinned], 'kiwi')).toMatchObject([
    { id: kiwis.id, isPinned: true },
    { id: trip.id, isPinned: false },
  ]);
});

test('what was found is marked, whatever signs it has', () => {
  const marked = (text: string, query: string) =>
    foundWords(text, query)
      .map(({ text, isFound }) => (isFound ? `[${text}]` : text))
      .join('');
  expect(marked('A Kiwi and kiwifruit', 'kiwi KIWIFRUIT')).toBe('A [Kiwi] and [kiwifruit]');
  expect(marked('去新西兰旅行', '西兰')).toBe('去新[西兰]旅行');
  expect(marked('f(x) = a/b [1]; <b>', '(x) a/b [1] <b>')).toBe('f[(x)] = [a/b] [[1]]; [<b>]');
  expect(marked('nothing', 'else')).toBe('nothing');
  expect(marked('all', ' ')).toBe('all');
});

test('a hit leads to the message and shows the words around', () => {
  expect(searchChats(texts, 'zealand')).toEqual([
    { id: kiwis.id, isPinned: false, messageId: 1, excerpt: 'A bird of New Zealand, and a fruit.' },
  ]);
  expect(searchChats(texts, 'journey')).toEqual([{ id: trip.id, isPinned: false, messageId: null, excerpt: '' }]);
});

test('no character is cut in halves', () => {
  const signs = searchTextOf(sampleChat([`${'🥝'.repeat(40)} needle${'🥝'.repeat(80)}`]));
  for (const query of ['needle', 'eedle', '🥝 n'])
    expect(() => encodeURIComponent(searchChats([signs], query)[0]!.excerpt), query).not.toThrow();
});

test('a hit in a long message is cut on both sides', () => {
  const long = searchTextOf(sampleChat([`${'a '.repeat(100)}needle ${'b '.repeat(100)}`]));
  const [hit] = searchChats([long], 'needle');
  expect(hit!.excerpt).toMatch(/^….{24}needle.+…$/);
});
