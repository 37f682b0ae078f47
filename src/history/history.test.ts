import 'fake-indexeddb/auto';
import { keys } from 'idb-keyval';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChatCompletionChunk } from '../engine/api';
import { Conversation } from '../chat/conversation.svelte';
import { sampleBytes, sampleChat, samplePicture } from '../testing/sampleChat';
import { openChatDatabase } from './chatDatabase';
import { readChatFile } from './chatFile';
import { ChatStore } from './chatStore';
import { ChatHistory } from './history.svelte';
import { fakeLocalStorage } from '../testing/fakeLocalStorage';

function chunk(content: string): ChatCompletionChunk {
  const choice = { index: 0, delta: { content }, finish_reason: null, logprobs: null } as const;
  return { id: '', object: 'chat.completion.chunk', created: 0, model: '', choices: [choice] };
}

let database = 0;
let records: ReturnType<typeof openChatDatabase>;

beforeEach(() => {
  records = openChatDatabase(`history-${database++}`);
});

afterEach(() => vi.unstubAllGlobals());

/** The page as a tab opens it, with a model that answers in `words`. */
async function newTab(
  openId: string | null = null,
  words: () => AsyncIterable<string> = twoWords,
  urlOf?: () => Promise<string>,
) {
  const messages: unknown[] = [];
  const conversation: Conversation = new Conversation(
    async () =>
      (async function* () {
        for await (const word of words()) yield chunk(word);
      })(),
    () => 'stop',
    (chat) => history.keep(chat),
    urlOf,
  );
  const channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'> = {
    postMessage: (message: unknown) => messages.push(message),
    onmessage: null,
  };
  const history: ChatHistory = new ChatHistory(new ChatStore(records), conversation, channel);
  await history.start(openId);
  return { conversation, history, channel, messages };
}

async function* twoWords() {
  yield 'two ';
  yield 'words';
}

const titles = (history: ChatHistory) => history.summaries.map(({ title }) => title);

test('a conversation is there at the next visit, with its draft', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('What is a kiwi?');
  conversation.draft = 'and what';
  await history.flush();

  const later = await newTab(conversation.id);
  expect(titles(later.history)).toEqual(['What is a kiwi?']);
  expect(later.conversation.messages.map(({ text }) => text)).toEqual(['What is a kiwi?', 'two words']);
  expect(later.conversation.draft).toBe('and what');
});

test('what a closing page had no time to store is there at the next visit; behind a passphrase nothing lies open', async () => {
  vi.stubGlobal('localStorage', fakeLocalStorage());
  const whole = records;
  let isFrozen = false;
  records = (mode, callback) => (isFrozen ? new Promise(() => undefined) : whole(mode, callback));
  const { conversation, history } = await newTab();
  await conversation.send('Q');
  await history.flush();
  isFrozen = true;
  conversation.draft = 'half a thou';
  history.leave();
  expect(Object.keys(localStorage)).toHaveLength(1);
  isFrozen = false;

  const later = await newTab(conversation.id);
  expect(later.conversation.draft).toBe('half a thou');
  expect(later.conversation.messages).toHaveLength(2);
  expect(Object.keys(localStorage)).toEqual([]);

  await later.history.protect('open sesame');
  isFrozen = true;
  later.conversation.draft = 'a secret';
  later.history.leave();
  expect(Object.keys(localStorage)).toEqual([]);
});

test('an answer that a reload has cut can be gone on with', async () => {
  let halt = () => {};
  const { conversation, history } = await newTab(null, async function* () {
    yield 'half ';
    await new Promise<void>((resolve) => (halt = resolve));
  });
  const answering = conversation.send('Q');
  await expect.poll(() => conversation.streaming?.text).toBe('half ');
  await history.flush();

  const later = await newTab(conversation.id);
  expect(later.conversation.messages.at(-1)).toMatchObject({ text: 'half ', state: 'stopped' });
  await later.conversation.goOn();
  expect(later.conversation.messages.at(-1)).toMatchObject({ text: 'half two words', state: 'done' });
  halt();
  await answering;
});

test('a conversation with nothing but a draft is listed by it, and is gone when that is empty', async () => {
  const { conversation, history } = await newTab();
  conversation.draft = 'half a thou';
  await history.flush();
  const later = await newTab(conversation.id);
  expect(titles(later.history)).toEqual(['half a thou']);
  expect(later.conversation.draft).toBe('half a thou');
  later.conversation.draft = '';
  await later.history.flush();
  expect(titles(later.history)).toEqual([]);
  expect(titles((await newTab()).history)).toEqual([]);
});

test('pinned conversations stand first, then the latest', async () => {
  await new ChatStore(records).put([
    sampleChat(['old'], { updatedAt: 1 }),
    sampleChat(['new'], { updatedAt: 3 }),
    sampleChat(['middle'], { updatedAt: 2 }),
  ]);
  const { history } = await newTab();
  expect(titles(history)).toEqual(['new', 'middle', 'old']);
  await history.pin(history.summaries[2]!.id, true);
  await history.rename(history.summaries[1]!.id, ' newest ');
  expect(titles(history)).toEqual(['old', 'newest', 'middle']);
});

test('the shown conversation is renamed without losing what is written meanwhile', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('Q');
  await history.rename(conversation.id, 'named');
  await conversation.send('R');
  await history.flush();
  expect(titles(history)).toEqual(['named']);
  expect((await history.chat(conversation.id))!.messages).toHaveLength(4);
});

test('what was removed stays away, even where it was being written, until it is restored', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('Q');
  const { id } = conversation;
  const answering = conversation.send('R');
  await history.remove(id);
  await answering;
  await history.flush();
  expect(conversation.messages).toEqual([]);
  expect(titles((await newTab()).history)).toEqual([]);

  await history.restore();
  expect(titles(history)).toEqual(['Q']);
  expect(titles((await newTab()).history)).toEqual(['Q']);
  // It was shown: it is shown again, unless another conversation was begun meanwhile.
  expect(conversation.id).toBe(id);
  await history.remove(id);
  conversation.draft = 'something else';
  await history.restore();
  expect(conversation.draft).toBe('something else');
  expect(titles(history)).toContain('Q');
});

test('a search finds what was just written, on any branch, and opens it there', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('first wording');
  const [question] = conversation.messages;
  expect(question?.role).toBe('user');
  if (question?.role === 'user') await conversation.edit(question, 'second wording');
  const { id } = conversation;
  conversation.newChat();
  const [hit] = await history.search('FIRST');
  expect(hit).toMatchObject({ id, messageId: 0 });
  await history.open(hit!.id, hit!.messageId);
  expect(conversation.messages[0]!.text).toBe('first wording');
});

test('a conversation opens while what is searched is still being read', async () => {
  const chats = Array.from({ length: 300 }, (_, i) => sampleChat([`Question ${i}`]));
  await new ChatStore(records).put(chats);
  const { conversation, history } = await newTab();
  let isRead = false;
  const reading = history.prepareSearch().then(() => (isRead = true));
  await history.open(chats[0]!.id);
  expect(conversation.messages).toHaveLength(1);
  await conversation.send('written meanwhile');
  await history.remove(chats[1]!.id);
  expect(isRead).toBe(false);
  await reading;
  expect(await history.search('question')).toHaveLength(299);
  expect(await history.search('written meanwhile')).toHaveLength(1);
});

test('of two that are removed, the later one can come back while the earlier one does', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('first');
  const first = conversation.id;
  conversation.newChat();
  await conversation.send('second');
  await history.remove(first);
  const removing = history.remove(conversation.id);
  await Promise.all([history.restore(), removing]);
  await history.restore();
  expect(titles(history).sort()).toEqual(['first', 'second']);
});

test('everything exported, wiped and imported is the same', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('Q');
  await conversation.regenerate();
  conversation.newChat();
  await conversation.send('另一个');
  const file = await history.exportFile();
  await history.clear();
  expect(titles(history)).toEqual([]);
  expect((await history.importFile(file)).count).toBe(2);
  const chatsIn = async (exported: Blob) => (JSON.parse(await exported.text()) as { chats: unknown }).chats;
  expect(await chatsIn(await history.exportFile())).toEqual(await chatsIn(file));
});

test('an import does not undo what was written since', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('Q');
  const file = await history.exportFile();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await conversation.send('R');
  await history.flush();
  expect((await history.importFile(file)).count).toBe(0);
  expect(conversation.messages).toHaveLength(4);
});

test('behind a passphrase nothing is listed or kept until it is given', async () => {
  const { conversation, history } = await newTab();
  await conversation.send('Q');
  await history.protect('open sesame');
  await conversation.send('R');
  await history.flush();

  const later = await newTab(conversation.id);
  expect(later.history).toMatchObject({ status: 'locked', isProtected: true, summaries: [] });
  expect(await later.history.unlock('sesame')).toBe(false);
  expect(await later.history.unlock('open sesame')).toBe(true);
  expect(later.conversation.messages).toHaveLength(4);
});

test('deleting all conversations leaves the passphrase, unless nobody has given it', async () => {
  const { conversation, history, messages } = await newTab();
  await history.protect('open sesame');
  await conversation.send('Q');
  const file = await history.exportFile();
  await history.removeAll();
  expect(history).toMatchObject({ status: 'open', isProtected: true, summaries: [] });
  expect(await keys(records)).toEqual(['vault']);
  expect(messages.at(-1)).not.toHaveProperty('isVaultChanged');
  await history.importFile(file);

  const later = await newTab();
  expect(later.history).toMatchObject({ status: 'locked', isProtected: true });
  expect(await later.history.unlock('open sesame')).toBe(true);
  expect(titles(later.history)).toEqual(['Q']);

  const forgotten = await newTab();
  await forgotten.history.removeAll();
  expect(forgotten.history).toMatchObject({ status: 'open', isProtected: false });
  expect(await keys(records)).toEqual([]);
});

test('what could not be stored is said, and stored with the next change', async () => {
  const whole = records;
  let isFull = false;
  records = (mode, callback) => {
    if (isFull && mode === 'readwrite') return Promise.reject(new DOMException('full', 'QuotaExceededError'));
    return whole(mode, callback);
  };
  const { conversation, history } = await newTab();
  isFull = true;
  await conversation.send('Q');
  await history.flush();
  expect(history.isBehind).toBe(true);
  // A file saves it all the same.
  history.keepPicture('drawn', sampleBytes('pixels'));
  conversation.draftPictures = [samplePicture('drawn')];
  const { chats, pictures } = await readChatFile(await history.exportFile());
  expect(chats.map(({ messages }) => messages.length)).toEqual([2]);
  expect([...pictures.keys()]).toEqual(['drawn']);
  expect((await history.chat(conversation.id))!.messages).toHaveLength(2);
  isFull = false;
  conversation.draft = 'more';
  await history.flush();
  expect(history.isBehind).toBe(false);
  expect((await history.chat(conversation.id))!.messages).toHaveLength(2);
});

test('a tab follows what another one does: a removal, an undo, a passphrase', async () => {
  const one = await newTab();
  const two = await newTab();
  const tell = () => {
    const change = one.messages.at(-1);
    (two.channel.onmessage as (event: MessageEvent) => void)({ data: change } as MessageEvent);
  };
  await one.conversation.send('Q');
  const { id } = one.conversation;
  await one.history.remove(id);
  tell();
  await one.history.restore();
  tell();
  await two.history.open(id);
  await two.conversation.send('R');
  await two.history.flush();
  expect((await two.history.chat(id))!.messages).toHaveLength(4);

  await one.history.protect('open sesame');
  tell();
  await two.conversation.send('S');
  await expect.poll(() => two.history.status).toBe('locked');
  await two.history.flush();
  expect(await two.history.unlock('open sesame')).toBe(true);
  await two.history.flush();
  expect((await two.history.chat(id))!.messages).toHaveLength(6);
});

test('pictures are kept with the draft and the messages that show them, and go with the conversation', async () => {
  const textIn = async (history: ChatHistory, id: string) => new TextDecoder().decode(await history.picture(id));
  const stored = () => keys(records).then((all) => all.filter((key) => String(key).startsWith('picture/')));
  const urlOf = () => Promise.resolve('blob:');
  const { conversation, history } = await newTab(null, twoWords, urlOf);
  for (const id of ['asked', 'drafted', 'dropped']) history.keepPicture(id, sampleBytes(`pixels of ${id}`));
  conversation.draftPictures = [samplePicture('asked')];
  await conversation.send('Q');
  conversation.draftPictures = [samplePicture('drafted'), samplePicture('dropped')];
  await history.flush();
  expect(await stored()).toHaveLength(3);
  conversation.draftPictures = [samplePicture('drafted')];
  await history.dropPicture('dropped');
  await history.flush();
  expect(await stored()).toEqual(['picture/asked', 'picture/drafted']);

  const later = await newTab(conversation.id, twoWords, urlOf);
  expect(later.conversation.draftPictures).toEqual([samplePicture('drafted')]);
  expect(await textIn(later.history, 'asked')).toBe('pixels of asked');

  const file = await history.exportFile();
  await history.remove(conversation.id);
  expect(await stored()).toEqual([]);
  await history.restore();
  expect(await textIn(await newTab().then((tab) => tab.history), 'drafted')).toBe('pixels of drafted');
  await history.clear();
  expect(await stored()).toEqual([]);
  await history.importFile(file);
  expect(await textIn(history, 'asked')).toBe('pixels of asked');
  expect(await stored()).toHaveLength(2);

  // A file that shows fewer pictures leaves no others behind.
  const { chats, ...rest } = JSON.parse(await file.text()) as { chats: Record<string, unknown>[] };
  const fewer = { ...rest, chats: chats.map((chat) => ({ ...chat, draftPictures: [] })) };
  await history.importFile(new Blob([JSON.stringify(fewer)]));
  expect(await stored()).toEqual(['picture/asked']);
});

test('a picture that comes while the conversations are locked is kept once they are open', async () => {
  const first = await newTab();
  await first.conversation.send('Q');
  await first.history.protect('open sesame');
  const { conversation, history } = await newTab();
  history.keepPicture('p', sampleBytes('pixels'));
  conversation.draftPictures = [samplePicture('p')];
  await history.flush();
  expect(await keys(records)).not.toContain('picture/p');
  await history.unlock('open sesame');
  expect(await keys(records)).toContain('picture/p');
  expect(new TextDecoder().decode(await history.picture('p'))).toBe('pixels');
});
