import { get, promisifyRequest, type UseStore } from 'idb-keyval';
import { summaryOf, type Chat, type ChatSummary } from '../chat/chat';
import { PLAIN, type ChatCodec } from './chatCodec';
import { valuesUnder } from './chatDatabase';
import type { Vault } from './vault';

const VAULT = 'vault';
const CHAT = 'chat/';
const SUMMARY = 'summary/';

/** Conversations in IndexedDB. Summaries are records of their own, so that a long list is read at once. */
export class ChatStore {
  readonly #store: UseStore;
  #codec: ChatCodec = PLAIN;
  #vault: Vault | undefined;

  constructor(store: UseStore) {
    this.#store = store;
  }

  /** What protects the conversations, or undefined where nothing does. Until it is opened, no record can be read. */
  vault(): Promise<Vault | undefined> {
    return get<Vault>(VAULT, this.#store);
  }

  /** Reads and writes with `codec` from here on, which `vault` has given. */
  use(codec: ChatCodec, vault: Vault | undefined): void {
    this.#codec = codec;
    this.#vault = vault;
  }

  /** In no particular order. */
  async summaries(): Promise<ChatSummary[]> {
    return this.#decodeAll<ChatSummary>(await valuesUnder(this.#store, SUMMARY));
  }

  /** In no particular order. */
  async all(): Promise<Chat[]> {
    return this.#decodeAll<Chat>(await valuesUnder(this.#store, CHAT));
  }

  async get(id: string): Promise<Chat | undefined> {
    const stored: unknown = await get(CHAT + id, this.#store);
    return stored === undefined ? undefined : ((await this.#codec.decode(stored)) as Chat);
  }

  /** Writes all of `chats` or none. Rejects where another tab has changed what protects them meanwhile. */
  async put(chats: readonly Chat[]): Promise<void> {
    const entries = await encodeChats(chats, this.#codec);
    await this.#store('readwrite', async (objects) => {
      const vault = await promisifyRequest(objects.get(VAULT) as IDBRequest<Vault | undefined>);
      if (String(vault?.salt) !== String(this.#vault?.salt))
        throw new Error('the conversations are protected otherwise');
      for (const [key, value] of entries) objects.put(value, key);
      return promisifyRequest(objects.transaction);
    });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#write((objects) => {
      for (const id of ids) {
        objects.delete(CHAT + id);
        objects.delete(SUMMARY + id);
      }
    });
  }

  /** Deletes every conversation, and what protected them. */
  async clear(): Promise<void> {
    await this.#write((objects) => objects.clear());
    this.use(PLAIN, undefined);
  }

  /** Writes every conversation anew, protected by `vault` or by nothing, in one transaction. */
  async protect(vault: Vault | undefined, codec: ChatCodec): Promise<void> {
    const entries = await encodeChats(await this.all(), codec);
    await this.#write((objects) => {
      objects.clear();
      if (vault) objects.put(vault, VAULT);
      for (const [key, value] of entries) objects.put(value, key);
    });
    this.use(codec, vault);
  }

  #decodeAll<T>(stored: unknown[]): Promise<T[]> {
    return Promise.all(stored.map((value) => this.#codec.decode(value) as Promise<T>));
  }

  #write(change: (objects: IDBObjectStore) => void): Promise<void> {
    return this.#store('readwrite', (objects) => {
      change(objects);
      return promisifyRequest(objects.transaction);
    });
  }
}

/** Encoding takes turns of the event loop, which a transaction does not survive: it is done before. */
async function encodeChats(chats: readonly Chat[], codec: ChatCodec): Promise<[key: string, value: unknown][]> {
  const entries = chats.flatMap((chat): [string, unknown][] => [
    [CHAT + chat.id, chat],
    [SUMMARY + chat.id, summaryOf(chat)],
  ]);
  return Promise.all(entries.map(async ([key, record]) => [key, await codec.encode(record)]));
}
