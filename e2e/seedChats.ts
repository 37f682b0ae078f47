import type { Page } from '@playwright/test';
import { summaryOf, type Chat } from '../src/chat/chat';
import { sampleChat } from '../src/testing/sampleChat';

/** Puts conversations where the page keeps them, in a profile in which it has not run yet. */
export async function seedChats(page: Page, chats: readonly Chat[]): Promise<void> {
  // A file of the origin in which no script of the page runs.
  await page.goto('./icons/mark.svg');
  await page.evaluate(
    async (records) => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open('minicpm-chats');
        request.onupgradeneeded = () => request.result.createObjectStore('chats');
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error as Error);
      });
      const transaction = database.transaction('chats', 'readwrite');
      for (const [key, record] of records) transaction.objectStore('chats').put(record, key);
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onerror = () => reject(transaction.error as Error);
      });
      database.close();
    },
    chats.flatMap((chat): [string, unknown][] => [
      [`chat/${chat.id}`, chat],
      [`summary/${chat.id}`, summaryOf(chat)],
    ]),
  );
}

/** Opens the seeded conversation `chat` at the next visit. */
export async function openAtStart(page: Page, { id }: Pick<Chat, 'id'>): Promise<void> {
  await page.addInitScript((chatId) => localStorage.setItem('minicpm.openChatId', chatId), id);
}

/**
 * Fills a fresh profile with conversations of made-up text, all different, made in the page: texts of 20 and of 100 words in
 * turn. Beside them, `others`.
 */
export async function seedManyChats(
  page: Page,
  count: number,
  messages: number,
  others: readonly Chat[],
): Promise<void> {
  await seedChats(page, others);
  const sample = sampleChat(Array.from({ length: messages }, () => ''));
  await page.evaluate(
    async ({ chat, count, words }) => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('minicpm-chats');
        request.onsuccess = () => resolve(request.result);
      });
      const transaction = database.transaction('chats', 'readwrite');
      const objects = transaction.objectStore('chats');
      let state = 1;
      const next = (below: number) => (state = (state * 48271) % 2147483647) % below;
      for (let i = 0; i < count; i++) {
        const inTree = chat.messages.map((message, j) => {
          const text = Array.from({ length: j % 2 === 0 ? 20 : 100 }, () => words[next(words.length)]!);
          return { ...message, text: `${i}.${j} ${text.join(' ')}.` };
        });
        const changes = { id: `made-up-${i}`, updatedAt: 1_700_000_000_000 + i * 1000, isPinned: false };
        objects.put({ ...chat, ...changes, messages: inTree }, `chat/${changes.id}`);
        objects.put({ ...changes, title: inTree[0]!.text.slice(0, 79) }, `summary/${changes.id}`);
      }
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      database.close();
    },
    { chat: sample, count, words: WORDS },
  );
}

const WORDS = ['river', 'mountain', 'garden', 'letter', 'winter', 'bread', 'music', 'harbour', 'lantern', 'window'];
