import 'fake-indexeddb/auto';
import { getMany, keys } from 'idb-keyval';
import { beforeEach, describe, expect, test } from 'vitest';
import { summaryOf } from '../chat/chat';
import { sampleChat } from '../testing/sampleChat';
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

test('a removed conversation leaves nothing behind', async () => {
  await store.put([first, second]);
  await store.remove([first.id]);
  expect(await store.summaries()).toEqual([summaryOf(second)]);
  expect(await keys(records)).toHaveLength(2);
  await store.clear();
  expect(await keys(records)).toEqual([]);
});

describe('behind a passphrase', () => {
  /** Everything in the database as one text. */
  async function stored(): Promise<string> {
    const values = await getMany<{ data?: ArrayBuffer }>(await keys(records), records);
    return values.map((value) => `${JSON.stringify(value)} ${new TextDecoder().decode(value?.data)}`).join('\n');
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
