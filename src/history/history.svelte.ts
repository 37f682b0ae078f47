/* eslint-disable svelte/prefer-svelte-reactivity -- no component reads the maps and sets of this file */
import { emptyChat, isBlank, picturesIn, summaryOf, type Chat, type ChatSummary } from '../chat/chat';
import type { Conversation } from '../chat/conversation.svelte';
import type { PictureBytes } from '../pictures/picture';
import { PLAIN } from './chatCodec';
import type { Belongings } from './chatFile';
import { holdChat } from './chatLock';
import { KeptPictures } from './keptPictures';
import { leaveBehind, leftBehind, pickUp } from './leftBehind';
import type { ChatStore } from './chatStore';
import { searchChats, type SearchHit } from './searchChats';
import { SearchIndex } from './searchIndex';
import { UnfetchedError } from './unfetchedError';
import { createVault, openVault } from './vault';

/** Fetched by those who save or read a file. */
const chatFile = () =>
  import('./chatFile').catch((cause: unknown) => {
    throw new UnfetchedError('what reads and writes files could not be fetched', { cause });
  });

/** While an answer is being written it is stored this often. */
const STREAMING_MILLISECONDS = 1000;
/** Between a change by the reader and its storing: a word is typed meanwhile. */
const SETTLED_MILLISECONDS = 200;

/** 'locked': a passphrase is needed; 'unavailable': the browser stores nothing here. Neither keeps anything. */
export type HistoryStatus = 'opening' | 'locked' | 'open' | 'unavailable';

/** Tells the other tabs which conversations were written or removed, and that another passphrase, or none, holds now. */
interface Change {
  kept?: string[];
  removed?: string[];
  isVaultChanged?: boolean;
}

/** The conversations that are kept: their list, and the way of the shown one into the database and out of it. */
export class ChatHistory {
  status = $state<HistoryStatus>('opening');
  /** Pinned ones first, then the latest. */
  summaries = $state.raw<ChatSummary[]>([]);
  /** True where conversations are behind a passphrase. */
  isProtected = $state(false);
  /** True while the last changes could not be stored, which the next change tries again. */
  isBehind = $state(false);
  /** What was removed last and can still come back. */
  removed = $state.raw<Chat | null>(null);

  readonly #store: ChatStore;
  readonly #conversation: Conversation;
  readonly #channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'>;
  readonly #dirty = new Map<string, Chat>();
  readonly #pictures: KeptPictures;
  /** Those of `removed`. */
  #removedPictures: PictureBytes = new Map();
  #wasRemovedShown = false;
  /** What is being written when it is removed must not come back. */
  readonly #removedIds = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whatever reads and writes does so in turn. */
  #turns: Promise<unknown> = Promise.resolve();
  /** What is on its way into the database. */
  #underWay: Chat[] = [];
  readonly #index: SearchIndex;
  /** What the last visit has shown. */
  #openId: string | null = null;
  #heldId: string | null = null;
  #release: () => void = () => undefined;

  constructor(
    store: ChatStore,
    conversation: Conversation,
    channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'>,
  ) {
    this.#store = store;
    this.#pictures = new KeptPictures(store);
    this.#index = new SearchIndex(store);
    this.#conversation = conversation;
    this.#channel = channel;
    channel.onmessage = ({ data }: MessageEvent<Change>) => void this.#follow(data);
  }

  /** Reads the list, and shows the conversation `openId` where it is kept and no other tab shows it. */
  async start(openId: string | null): Promise<void> {
    this.#openId = openId;
    await this.#openStore();
  }

  /** False where the passphrase is another one. */
  async unlock(passphrase: string): Promise<boolean> {
    const vault = await this.#store.vault();
    const codec = vault ? await openVault(vault, passphrase) : PLAIN;
    if (!codec) return false;
    this.#store.use(codec, vault);
    await this.#begin();
    return true;
  }

  /** Stores a conversation soon. It is read when it is stored, so that changes until then need not be told. */
  keep(chat: Chat): void {
    if (this.#removedIds.has(chat.id)) return;
    this.#dirty.set(chat.id, chat);
    if (this.status !== 'open') return;
    if (chat.id === this.#conversation.id) void this.#hold(chat.id);
    const isStreaming = this.#conversation.streaming !== null;
    if (isStreaming && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), isStreaming ? STREAMING_MILLISECONDS : SETTLED_MILLISECONDS);
  }

  /** Takes in a picture, which is stored with the first conversation that shows it. */
  keepPicture(id: string, bytes: ArrayBuffer): void {
    this.#pictures.add(id, bytes);
  }

  /** The bytes of a picture; undefined where they are not kept. */
  async picture(id: string): Promise<ArrayBuffer | undefined> {
    return this.#pictures.unstored(id) ?? (this.status === 'open' ? this.#store.picture(id) : undefined);
  }

  /** Deletes a picture that no message shows. */
  async dropPicture(id: string): Promise<void> {
    this.#pictures.letGo([id]);
    if (this.status === 'open') await this.#inTurn(() => this.#store.remove([], [id]));
  }

  /** Puts what is not stored yet where the next visit finds it, without a wait. Behind a passphrase it would lie open. */
  leave(): void {
    if (this.status === 'open' && !this.isProtected) leaveBehind([...this.#underWay, ...this.#unsaved()]);
    void this.flush();
  }

  /** Stores at once what is to be stored. Never rejects: see `isBehind`. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeDirty());
  }

  /** Shows a conversation, on the branch of `messageId` where one is given. False where another tab shows it. */
  async open(id: string, messageId: number | null = null): Promise<boolean> {
    if (id !== this.#conversation.id) {
      const chat = await this.chat(id);
      if (!chat || !(await this.#hold(id))) return false;
      this.#conversation.open(chat);
    }
    if (messageId !== null) this.#conversation.show(messageId);
    return true;
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#change(id, { name: name.trim() });
  }

  async pin(id: string, isPinned: boolean): Promise<void> {
    await this.#change(id, { isPinned });
  }

  /** Removes a conversation; `restore` brings back the one removed last. */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writeDirty();
      this.removed = (await this.#store.get(id)) ?? null;
      this.#wasRemovedShown = id === this.#conversation.id;
      this.#removedPictures = await this.#pictures.storedOf(this.removed ? [this.removed] : []);
      this.#forget(id);
      await this.#store.remove([id], [...this.#removedPictures.keys()]);
      this.#tell({ removed: [id] });
    });
  }

  /** Brings back what was removed last, and shows it where it was shown and nothing was begun since. */
  async restore(): Promise<void> {
    const chat = this.removed;
    if (!chat) return;
    const wasShown = this.#wasRemovedShown;
    for (const [pictureId, bytes] of this.#removedPictures) this.keepPicture(pictureId, bytes);
    this.#removedIds.delete(chat.id);
    await this.#inTurn(() => this.#write([chat]));
    // Another one may have been removed meanwhile: that can still come back.
    if (this.removed === chat) {
      this.removed = null;
      this.#removedPictures = new Map();
    }
    if (wasShown && this.#conversation.isBlank) await this.open(chat.id);
  }

  /** Deletes every conversation for good. A passphrase stays, unless nobody has given it: it goes with what it locks. */
  removeAll(): Promise<void> {
    return this.#inTurn(() => this.#empty(this.status === 'open'));
  }

  /** Deletes every conversation for good, and the passphrase. */
  clear(): Promise<void> {
    return this.#inTurn(() => this.#empty(false));
  }

  /** Reads what is searched, so that the first search need not wait for it. What else is to be read or written comes between. */
  async prepareSearch(): Promise<void> {
    let isRead = false;
    // What cannot be read is said when it is searched.
    while (this.status === 'open' && !isRead)
      isRead = await this.#inTurn(() => this.#index.readSome()).catch(() => true);
  }

  /** Conversations that hold every word of `query`, in the order of the list. */
  search(query: string): Promise<SearchHit[]> {
    return this.#inTurn(async () => {
      await this.#writeDirty();
      return searchChats(await this.#index.all(), query);
    });
  }

  /** One conversation as it is, also where it could not be stored. */
  chat(id: string): Promise<Chat | undefined> {
    return this.#inTurn(async () => {
      await this.#writeDirty();
      return this.#unsaved().find((chat) => chat.id === id) ?? this.#store.get(id);
    });
  }

  /** Every conversation, and what is `beside` them, as a file. Where the last changes could not be stored, that saves them. */
  exportFile(beside?: Belongings): Promise<Blob> {
    return this.#inTurn(async () => {
      await this.#writeDirty();
      const unsaved = this.#unsaved();
      const stored = (await this.#store.all()).filter(({ id }) => !unsaved.some((chat) => chat.id === id));
      const chats = [...stored, ...unsaved.filter((chat) => !isBlank(chat))];
      chats.sort((a, b) => a.createdAt - b.createdAt);
      const { writeChatFile } = await chatFile();
      return writeChatFile(chats, (id) => this.picture(id), beside);
    });
  }

  /**
   * Adds the conversations of a file, in place of those with the same ids unless these were written on since. Returns how
   * many were taken, and what the file holds beside them. Rejects with an Error that says what is wrong with the file, or with
   * an UnfetchedError.
   */
  async importFile(file: Blob): Promise<{ count: number } & Belongings> {
    const { readChatFile } = await chatFile();
    const { chats, pictures, roles, settings } = await readChatFile(file);
    return this.#inTurn(async () => {
      await this.#writeDirty();
      const updatedAt = new Map(this.summaries.map((summary) => [summary.id, summary.updatedAt]));
      const taken = chats.filter((chat) => chat.updatedAt >= (updatedAt.get(chat.id) ?? -Infinity));
      for (const { id } of taken) this.#removedIds.delete(id);
      const orphans = await this.#pictures.replacedBy(taken);
      for (const { id } of taken.flatMap(picturesIn)) {
        const bytes = pictures.get(id);
        if (bytes) this.keepPicture(id, bytes);
      }
      await this.#write(taken);
      if (orphans.length > 0) await this.#store.remove([], orphans);
      const shown = taken.find(({ id }) => id === this.#conversation.id);
      if (shown) this.#conversation.open(shown);
      return { count: taken.length, roles, settings };
    });
  }

  /** Puts every conversation behind a passphrase, or in the clear for null. */
  protect(passphrase: string | null): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writeDirty();
      const { vault, codec } = passphrase === null ? { vault: undefined, codec: PLAIN } : await createVault(passphrase);
      await this.#store.protect(vault, codec);
      this.isProtected = passphrase !== null;
      this.#tell({ isVaultChanged: true });
    });
  }

  async #empty(keepsPassphrase: boolean): Promise<void> {
    const ids = this.summaries.map(({ id }) => id);
    for (const id of [...ids, this.#conversation.id]) this.#forget(id);
    pickUp(leftBehind().map(({ id }) => id));
    this.removed = null;
    this.#removedPictures = new Map();
    this.#pictures.clear();
    if (keepsPassphrase) {
      await this.#store.removeAll();
      this.#tell({ removed: ids });
      return;
    }
    await this.#store.clear();
    this.#tell({ removed: ids, isVaultChanged: true });
    this.isProtected = false;
    this.status = 'open';
  }

  /** Opens the database, as far as that goes without a passphrase. */
  async #openStore(): Promise<void> {
    this.status = 'opening';
    try {
      this.isProtected = (await this.#store.vault()) !== undefined;
      if (this.isProtected) {
        this.summaries = [];
        this.status = 'locked';
        return;
      }
      this.#store.use(PLAIN, undefined);
      await this.#begin();
    } catch {
      this.status = 'unavailable';
    }
  }

  async #begin(): Promise<void> {
    await this.#store.discardStaged();
    await this.#takeLeftBehind();
    this.summaries = listed(await this.#store.summaries());
    this.status = 'open';
    // What was begun before the list was there goes on; else what was shown last.
    const isBegun = [...this.#dirty.values()].some((chat) => !isBlank(chat));
    if (this.#openId !== null && !isBegun) await this.open(this.#openId);
    this.#openId = null;
    await this.flush();
  }

  /** Stores what earlier visits had no time to store, unless it was written on since. */
  async #takeLeftBehind(): Promise<void> {
    const left = leftBehind();
    const stored = await Promise.all(left.map(({ id }) => this.#store.get(id)));
    const newest = left.filter((chat, i) => chat.updatedAt >= (stored[i]?.updatedAt ?? -Infinity));
    await this.#store.put(newest);
    pickUp(left.map(({ id }) => id));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turns.then(work);
    this.#turns = result.catch(() => undefined);
    return result;
  }

  #unsaved(): Chat[] {
    return [...this.#dirty.values()].map((chat) => $state.snapshot(chat) as Chat);
  }

  async #writeDirty(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.status !== 'open' || this.#dirty.size === 0) return;
    const dirty = [...this.#dirty];
    this.#underWay = this.#unsaved();
    this.#dirty.clear();
    try {
      await this.#write(this.#underWay);
      this.isBehind = false;
    } catch {
      for (const [id, chat] of dirty) if (!this.#dirty.has(id)) this.#dirty.set(id, chat);
      this.isBehind = true;
    } finally {
      this.#underWay = [];
    }
  }

  /** Stores what has words or pictures in it, and removes what has lost them. */
  async #write(chats: Chat[]): Promise<void> {
    const wanted = chats.filter(({ id }) => !this.#removedIds.has(id));
    const kept = wanted.filter((chat) => !isBlank(chat));
    const ids = new Set(wanted.map(({ id }) => id));
    if (ids.size === 0) return;
    const pictures = this.#pictures.unstoredOf(kept);
    if (kept.length > 0) await this.#store.put(kept, pictures);
    this.#pictures.letGo(pictures.keys());
    if (kept.length < wanted.length) await this.#store.remove(wanted.filter(isBlank).map(({ id }) => id));
    pickUp(ids);
    this.summaries = listed([...this.summaries.filter(({ id }) => !ids.has(id)), ...kept.map(summaryOf)]);
    for (const id of ids) this.#index.remove(id);
    for (const chat of kept) this.#index.put(chat);
    this.#tell({ kept: [...ids] });
  }

  async #change(id: string, changes: Pick<Chat, 'name'> | Pick<Chat, 'isPinned'>): Promise<void> {
    if (id === this.#conversation.id) {
      this.#conversation.label(changes);
      return this.flush();
    }
    await this.#inTurn(async () => {
      const chat = await this.#store.get(id);
      if (chat) await this.#write([{ ...chat, ...changes }]);
    });
  }

  #tell(change: Change): void {
    this.#channel.postMessage(change);
  }

  /** Takes a conversation for this tab and lets go of the one before. False where another tab has it. */
  async #hold(id: string): Promise<boolean> {
    if (this.#heldId === id) return true;
    const before = this.#heldId;
    this.#heldId = id;
    const release = await holdChat(id);
    if (!release) {
      this.#heldId = before;
      return false;
    }
    this.#release();
    this.#release = release;
    return true;
  }

  #forget(id: string): void {
    this.#removedIds.add(id);
    this.#dirty.delete(id);
    this.#index.remove(id);
    this.summaries = this.summaries.filter((summary) => summary.id !== id);
    if (this.#conversation.id === id) this.#conversation.open(emptyChat());
  }

  /** What another tab has done. */
  async #follow({ kept = [], removed = [], isVaultChanged = false }: Change): Promise<void> {
    for (const id of kept) this.#removedIds.delete(id);
    for (const id of removed) this.#forget(id);
    // In turn: what is being read just now may be from before.
    void this.#inTurn(async () => this.#index.reset());
    if (isVaultChanged) {
      // At once: nothing more may be written as it was written before.
      this.status = 'opening';
      await this.#inTurn(async () => undefined);
      await this.#openStore();
    } else if (this.status === 'open') {
      this.summaries = listed(await this.#store.summaries().catch(() => []));
    }
  }
}

function listed(summaries: ChatSummary[]): ChatSummary[] {
  return summaries.sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || b.updatedAt - a.updatedAt);
}
