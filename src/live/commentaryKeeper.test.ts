import 'fake-indexeddb/auto';
import { keys } from 'idb-keyval';
import { expect, test } from 'vitest';
import { Conversation } from '../chat/conversation.svelte';
import { framesOf } from '../chat/message';
import { openChatDatabase } from '../history/chatDatabase';
import { ChatStore } from '../history/chatStore';
import { ChatHistory } from '../history/history.svelte';
import { CommentaryKeeper } from './commentaryKeeper';
import type { Entry } from './entry';

const records = openChatDatabase('kept-commentary');
const storedPictures = async () => (await keys<string>(records)).filter((key) => key.startsWith('picture/'));

function remark(id: number): Entry {
  const url = `data:image/jpeg;base64,${btoa(`pixels ${id}`)}`;
  const thumbnail = { url, width: 96, height: 72 };
  return { id, at: 0, position: id, asked: null, text: `Remark ${id}.`, state: 'done', thumbnail };
}

test('a commentary that has grown is the same conversation, with every picture once, also of those given up since', async () => {
  const conversation = new Conversation(
    () => Promise.reject(new Error('no model')),
    () => 'stop',
  );
  const history = new ChatHistory(new ChatStore(records), conversation, { postMessage: () => {}, onmessage: null });
  await history.start(null);
  const keeper = new CommentaryKeeper(history);
  const keep = (entries: Entry[]) => keeper.keep(entries, 'What is happening?', ({ position }) => `0:0${position}`);

  await keep([remark(1), remark(2)]);
  expect(await storedPictures()).toHaveLength(2);
  await keep([{ ...remark(1), thumbnail: null }, remark(2), remark(3)]);
  expect(await storedPictures()).toHaveLength(3);
  expect(history.summaries.map(({ id }) => id)).toEqual([keeper.chatId]);

  const chat = await history.chat(keeper.chatId);
  const frames = framesOf(chat!.messages[1]!);
  expect(frames.map(({ name }) => name)).toEqual(['0:01', '0:02', '0:03']);
  expect(frames[0]).toMatchObject({ type: 'image/jpeg', width: 96, height: 72 });
  const pixels = await Promise.all(frames.map(({ id }) => history.picture(id)));
  expect(pixels.map((bytes) => new TextDecoder().decode(bytes))).toEqual(['pixels 1', 'pixels 2', 'pixels 3']);

  const removed = keeper.chatId;
  await history.remove(removed);
  expect(await storedPictures()).toEqual([]);
  await keep([remark(2), remark(3)]);
  expect(keeper.chatId).not.toBe(removed);
  expect(history.summaries.map(({ id }) => id)).toEqual([keeper.chatId]);
  expect(await storedPictures()).toHaveLength(2);
});
