import { get, promisifyRequest, set, type UseStore } from 'idb-keyval';
import { summaryOf, type Chat, type ChatSummary } from '../chat/chat';
import type { PictureBytes } from '../pictures/picture';
import { PLAIN, type ChatCodec } from './chatCodec';
import { keysUnder, underPrefix, valuesFrom, valuesUnder } from './chatDatabase';
import type { Vault } from './vault';

const VAULT = 'vault';
const CHAT = 'chat/';
const SUMMARY = 'summary/';
const PICTURE = 'picture/';
/** Pictures as they are to be written behind another passphrase, until the conversations are. */
const STAGED = 'staged/';
/** Of conversations that are read at once: a few milliseconds on a phone. */
const PORTION = 50;

/**
 * Conversations in IndexedDB. Summaries are records of their own, so that a long list is read at once; so are the bytes of
 * pictures, which neither a list nor a search reads.
 */
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

  /** All of them as `all` gives them, some at a time: the page can do something else in between. */
  async *portions(): AsyncGenerator<Chat[]> {
    const keys = await keysUnder(this.#store, CHAT);
    for (let i = 0; i < keys.length; i += PORTION) {
      yield this.#decodeAll<Chat>(await valuesFrom(this.#store, keys.slice(i, i + PORTION)));
    }
  }

  async get(id: string): Promise<Chat | undefined> {
    const stored: unknown = await get(CHAT + id, this.#store);
    return stored === undefined ? undefined : ((await this.#codec.decode(stored)) as Chat);
  }

  /** The bytes of a picture. */
  async picture(id: string): Promise<ArrayBuffer | undefined> {
    const stored: unknown = await get(PICTURE + id, this.#store);
    return stored === undefined ? undefined : this.#codec.decodeBytes(stored);
  }

  /** Writes all of `chats` and `pictures` or none. Rejects where another tab has changed what protects them meanwhile. */
  async put(chats: readonly Chat[], pictures: PictureBytes = new Map()): Promise<void> {
    const entries = [...(await encodeChats(chats, this.#codec)), ...(await encodePictures(pictures, this.#codec))];
    await this.#store('readwrite', async (objects) => {
      const vault = await promisifyRequest(objects.get(VAULT) as IDBRequest<Vault | undefined>);
      if (String(vault?.salt) !== String(this.#vault?.salt))
        throw new Error('the conversations are protected otherwise');
      for (const [key, value] of entries) objects.put(value, key);
      return promisifyRequest(objects.transaction);
    });
  }

  async remove(ids: readonly string[], pictureIds: readonly string[] = []): Promise<void> {
    await this.#write((objects) => {
      for (const id of ids) {
        objects.delete(CHAT + id);
        objects.delete(SUMMARY + id);
      }
      for (const id of pictureIds) objects.delete(PICTURE + id);
    });
  }

  /** Deletes every conversation. What protects them goes on to protect the next ones. */
  async removeAll(): Promise<void> {
    await this.#write((objects) => {
      for (const prefix of [CHAT, SUMMARY, PICTURE, STAGED]) objects.delete(underPrefix(prefix));
    });
  }

  /** Deletes every conversation, and what protected them. */
  async clear(): Promise<void> {
    await this.#write((objects) => objects.clear());
    this.use(PLAIN, undefined);
  }

  /**
   * Writes every conversation anew, protected by `vault` or by nothing, in one transaction. Pictures, too many to hold in
   * memory, are encoded one by one before, and take the place of the old ones in that transaction.
   */
  async protect(vault: Vault | undefined, codec: ChatCodec): Promise<void> {
    try {
      await this.#stagePictures(codec);
      const entries = await encodeChats(await this.all(), codec);
      await this.#store('readwrite', async (objects) => {
        const count = (prefix: string) => promisifyRequest(objects.count(underPrefix(prefix)));
        // Another tab may have taken in a picture meanwhile, or have cleared up.
        if ((await count(STAGED)) !== (await count(PICTURE))) throw new Error('the pictures have changed');
        for (const prefix of [CHAT, SUMMARY, PICTURE]) objects.delete(underPrefix(prefix));
        objects.delete(VAULT);
        if (vault) objects.put(vault, VAULT);
        for (const [key, value] of entries) objects.put(value, key);
        unstage(objects);
        return promisifyRequest(objects.transaction);
      });
    } catch (error) {
      await this.discardStaged();
      throw error;
    }
    this.use(codec, vault);
  }

  /** Deletes what a change of passphrase has left that was broken off. */
  async discardStaged(): Promise<void> {
    await this.#write((objects) => void objects.delete(underPrefix(STAGED)));
  }

  async #stagePictures(codec: ChatCodec): Promise<void> {
    for (const key of await keysUnder(this.#store, PICTURE)) {
      const bytes = await this.picture(key.slice(PICTURE.length));
      if (bytes) await set(STAGED + key, await codec.encodeBytes(bytes), this.#store);
    }
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

/** Moves what is staged to where it belongs, one by one. */
function unstage(objects: IDBObjectStore): void {
  const request = objects.openCursor(underPrefix(STAGED));
  request.onsuccess = () => {
    const cursor = request.result;
    if (!cursor) return;
    objects.put(cursor.value, String(cursor.key).slice(STAGED.length));
    cursor.delete();
    cursor.continue();
  };
}

/** Encoding takes turns of the event loop, which a transaction does not survive: it is done before. */
async function encodeChats(chats: readonly Chat[], codec: ChatCodec): Promise<[key: string, value: unknown][]> {
  const entries = chats.flatMap((chat): [string, unknown][] => [
    [CHAT + chat.id, chat],
    [SUMMARY + chat.id, summaryOf(chat)],
  ]);
  return Promise.all(entries.map(async ([key, record]) => [key, await codec.encode(record)]));
}

function encodePictures(pictures: PictureBytes, codec: ChatCodec): Promise<[key: string, value: unknown][]> {
  return Promise.all([...pictures].map(async ([id, bytes]) => [PICTURE + id, await codec.encodeBytes(bytes)]));
}
