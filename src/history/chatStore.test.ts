import 'fake-indexeddb/auto';
import { getMany, keys } from 'idb-keyval';
import { beforeEach, describe, expect, test } from 'vitest';
import { summaryOf, type Chat } from '../chat/chat';
import { sampleBytes, sampleChat } from '../testing/sampleChat';
import { PLAIN } from './chatCodec';
import { openChatDatabase } from './chatDatabase';
import { ChatStore } from './chatStore';
import { createVault, openVault } from './vault';

const first = sampleChat(['What is a kiwi?', 'A bird, and a fruit.'], { isPinned: true });
const second = sampleChat(['你好', '你好！'], { name: 'Greeting' });

/** Few rounds: the tests are about what is sealed, not about how slowly. */
const ITERATIONS = 1000;

let database = 0;
let records: ReturnType<typeof openChatDatabase>;
let store: ChatStore;

beforeEach(() => {
  records = openChatDatabase(`chats-${database++}`);
  store = new ChatStore(records);
});

test('conversations come back as they were put', async () => {
  await store.put([first, second]);
  expect(await store.get(first.id)).toEqual(first);
  expect(await store.get('missing')).toBeUndefined();
  expect(new Set(await store.all())).toEqual(new Set([first, second]));
  expect(new Set(await store.summaries())).toEqual(new Set([first, second].map(summaryOf)));
});

test('many conversations come some at a time, each once', async () => {
  const chats = Array.from({ length: 120 }, (_, i) => sampleChat([`Question ${i}`]));
  await store.put(chats);
  const portions: Chat[][] = [];
  for await (const portion of store.portions()) portions.push(portion);
  expect(portions.length).toBeGreaterThan(1);
  expect(portions.flat()).toHaveLength(chats.length);
  expect(new Set(portions.flat().map(({ id }) => id))).toEqual(new Set(chats.map(({ id }) => id)));
});

test('a removed conversation leaves nothing behind', async () => {
  await store.put([first, second]);
  await store.remove([first.id]);
  expect(await store.summaries()).toEqual([summaryOf(second)]);
  expect(await keys(records)).toHaveLength(2);
  await store.clear();
  expect(await keys(records)).toEqual([]);
});

const textOf = (bytes: ArrayBuffer | undefined) => bytes && new TextDecoder().decode(bytes);

test('the bytes of pictures lie apart, and go where they are named', async () => {
  await store.put(
    [first],
    new Map([
      ['p', sampleBytes('pixels')],
      ['q', sampleBytes('more')],
    ]),
  );
  expect(textOf(await store.picture('p'))).toBe('pixels');
  expect(await store.all()).toEqual([first]);
  await store.remove([], ['p']);
  expect(await store.picture('p')).toBeUndefined();
  expect(textOf(await store.picture('q'))).toBe('more');
});

describe('behind a passphrase', () => {
  /** Everything in the database as one text. */
  async function stored(): Promise<string> {
    const values = await getMany<ArrayBuffer | { data?: ArrayBuffer }>(await keys(records), records);
    return values
      .map((value) => {
        const bytes = value instanceof ArrayBuffer ? value : value?.data;
        return `${JSON.stringify(value)} ${new TextDecoder().decode(bytes)}`;
      })
      .join('\n');
  }

  test('nothing of a conversation can be read in the database', async () => {
    await store.put([first, second]);
    expect(await stored()).toContain('kiwi');
    const { vault, codec } = await createVault('correct horse', ITERATIONS);
    await store.protect(vault, codec);
    expect(await stored()).not.toMatch(/kiwi|Greeting|你好/);
    await store.put([sampleChat(['secret kiwi'])]);
    expect(await stored()).not.toContain('kiwi');
    expect(await store.get(first.id)).toEqual(first);
  });

  test('the passphrase opens it at the next visit, and another one does not', async () => {
    await store.put([first]);
    const { vault, codec } = await createVault('pass\u00e9', ITERATIONS);
    await store.protect(vault, codec);

    const later = new ChatStore(records);
    const kept = (await later.vault())!;
    expect(await openVault(kept, 'passe')).toBeNull();
    later.use((await openVault(kept, 'passe\u0301'))!, kept);
    expect(await later.all()).toEqual([first]);
  });

  test('pictures are sealed and opened with the conversations, and survive a change that fails', async () => {
    await store.put([first], new Map([['p', sampleBytes('kiwi pixels')]]));
    const { vault, codec } = await createVault('x', ITERATIONS);
    await store.protect(vault, codec);
    await store.put([first], new Map([['q', sampleBytes('kiwi feathers')]]));
    expect(await stored()).not.toContain('kiwi');
    expect(textOf(await store.picture('p'))).toBe('kiwi pixels');

    const failing = { ...PLAIN, encode: () => Promise.reject(new Error('no')) };
    await expect(store.protect(undefined, failing)).rejects.toThrow('no');
    expect(await stored()).not.toContain('kiwi');
    expect(textOf(await store.picture('q'))).toBe('kiwi feathers');

    await store.protect(undefined, PLAIN);
    expect(textOf(await store.picture('p'))).toBe('kiwi pixels');
    expect(textOf(await store.picture('q'))).toBe('kiwi feathers');
    // Two conversation records and two pictures: nothing staged is left.
    expect(await keys(records)).toHaveLength(4);
  });

  test('protection can be taken off again', async () => {
    await store.put([first]);
    const { vault, codec } = await createVault('x', ITERATIONS);
    await store.protect(vault, codec);
    await store.protect(undefined, PLAIN);
    expect(await store.vault()).toBeUndefined();
    expect(await new ChatStore(records).all()).toEqual([first]);
  });

  test('a tab that does not know of the passphrase writes nothing', async () => {
    await store.put([first]);
    const { vault, codec } = await createVault('x', ITERATIONS);
    await store.protect(vault, codec);
    const unaware = new ChatStore(records);
    await expect(unaware.put([second])).rejects.toThrow('protected otherwise');
    expect(await store.all()).toEqual([first]);
  });
});
