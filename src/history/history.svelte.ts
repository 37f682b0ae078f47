/* eslint-disable svelte/prefer-svelte-reactivity -- no component reads the maps and sets of this file */
import { emptyChat, summaryOf, type Chat, type ChatSummary } from '../chat/chat';
import type { Conversation } from '../chat/conversation.svelte';
import { PLAIN } from './chatCodec';
import { readChatFile, writeChatFile } from './chatFile';
import { holdChat } from './chatLock';
import { leaveBehind, leftBehind, pickUp } from './leftBehind';
import type { ChatStore } from './chatStore';
import { searchChats, searchTextOf, type SearchHit, type SearchText } from './searchChats';
import { createVault, openVault } from './vault';

/** While an answer is being written it is stored this often. */
const STREAMING_MILLISECONDS = 1000;
/** Between a change by the reader and its storing: a word is typed meanwhile. */
const SETTLED_MILLISECONDS = 200;

/** 'locked': a passphrase is needed; 'unavailable': the browser stores nothing here. Neither keeps anything. */
export type HistoryStatus = 'opening' | 'locked' | 'open' | 'unavailable';

/** Tells the other tabs which conversations were written or removed. */
interface Change {
  kept?: string[];
  removed?: string[];
}

/** The conversations that are kept: their list, and the way of the shown one into the database and out of it. */
export class ChatHistory {
  status = $state<HistoryStatus>('opening');
  /** Pinned ones first, then the latest; those without a question are left out. */
  summaries = $state.raw<ChatSummary[]>([]);
  /** True where conversations are behind a passphrase. */
  isProtected = $state(false);
  /** What was removed last and can still come back. */
  removed = $state.raw<Chat | null>(null);

  readonly #store: ChatStore;
  readonly #conversation: Conversation;
  readonly #channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'>;
  readonly #dirty = new Map<string, Chat>();
  /** What is being written when it is removed must not come back. */
  readonly #removedIds = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Made for the first search. */
  #texts: Map<string, SearchText> | null = null;
  #heldId: string | null = null;
  #release: () => void = () => undefined;

  constructor(
    store: ChatStore,
    conversation: Conversation,
    channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'>,
  ) {
    this.#store = store;
    this.#conversation = conversation;
    this.#channel = channel;
    channel.onmessage = ({ data }: MessageEvent<Change>) => void this.#follow(data);
  }

  /** Reads the list, and shows the conversation `openId` where it is kept and no other tab shows it. */
  async start(openId: string | null): Promise<void> {
    try {
      this.isProtected = (await this.#store.vault()) !== undefined;
      if (this.isProtected) {
        this.status = 'locked';
        return;
      }
      await this.#begin(openId);
    } catch {
      this.status = 'unavailable';
    }
  }

  /** False where the passphrase is another one. */
  async unlock(passphrase: string, openId: string | null): Promise<boolean> {
    const vault = await this.#store.vault();
    const codec = vault ? await openVault(vault, passphrase) : PLAIN;
    if (!codec) return false;
    this.#store.use(codec);
    await this.#begin(openId);
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

  /** Puts what is not stored yet where the next visit finds it, without a wait. Behind a passphrase it would lie open. */
  leave(): void {
    if (this.status === 'open' && !this.isProtected) leaveBehind(this.#unsaved());
    void this.flush();
  }

  /** Stores at once what is to be stored. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const chats = this.#unsaved();
    if (this.status !== 'open' || chats.length === 0) return this.#writing;
    this.#dirty.clear();
    this.#writing = this.#writing.then(() => this.#write(chats));
    return this.#writing;
  }

  /** Shows a conversation, on the branch of `messageId` where one is given. False where another tab shows it. */
  async open(id: string, messageId: number | null = null): Promise<boolean> {
    if (id !== this.#conversation.id) {
      await this.flush();
      const chat = await this.#store.get(id);
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
  async remove(id: string): Promise<void> {
    await this.flush();
    this.removed = (await this.#store.get(id)) ?? null;
    this.#forget(id);
    await this.#store.remove(id);
    this.#channel.postMessage({ removed: [id] } satisfies Change);
  }

  async restore(): Promise<void> {
    const chat = this.removed;
    if (!chat) return;
    this.removed = null;
    this.#removedIds.delete(chat.id);
    await this.#write([chat]);
  }

  /** Deletes every conversation for good. */
  async clear(): Promise<void> {
    await this.flush();
    const ids = this.summaries.map(({ id }) => id);
    for (const id of [...ids, this.#conversation.id]) this.#forget(id);
    pickUp(leftBehind().map(({ id }) => id));
    this.removed = null;
    await this.#store.clear();
    this.isProtected = false;
    this.status = 'open';
    this.#channel.postMessage({ removed: ids } satisfies Change);
  }

  /** Conversations that hold every word of `query`, the latest first. */
  async search(query: string): Promise<SearchHit[]> {
    await this.flush();
    this.#texts ??= new Map((await this.#store.all()).map((chat) => [chat.id, searchTextOf(chat)]));
    return searchChats(this.#texts.values(), query);
  }

  /** One conversation as it is kept. */
  async chat(id: string): Promise<Chat | undefined> {
    await this.flush();
    return this.#store.get(id);
  }

  /** Every conversation as a file. */
  async exportFile(): Promise<string> {
    await this.flush();
    const chats = await this.#store.all();
    return writeChatFile(chats.sort((a, b) => a.createdAt - b.createdAt));
  }

  /**
   * Adds the conversations of a file, in place of those with the same ids unless these were written on since. Returns how
   * many were taken. Throws an Error that says what is wrong with the file.
   */
  async importFile(json: string): Promise<number> {
    const chats = readChatFile(json);
    const updatedAt = new Map(this.summaries.map((summary) => [summary.id, summary.updatedAt]));
    const taken = chats.filter((chat) => chat.updatedAt >= (updatedAt.get(chat.id) ?? -Infinity));
    for (const { id } of taken) this.#removedIds.delete(id);
    await this.flush();
    await this.#write(taken);
    const shown = taken.find(({ id }) => id === this.#conversation.id);
    if (shown) this.#conversation.open(shown);
    return taken.length;
  }

  /** Puts every conversation behind a passphrase, or in the clear for null. */
  async protect(passphrase: string | null): Promise<void> {
    await this.flush();
    if (passphrase === null) await this.#store.protect(null, PLAIN);
    else {
      const { vault, codec } = await createVault(passphrase);
      await this.#store.protect(vault, codec);
    }
    this.isProtected = passphrase !== null;
  }

  #unsaved(): Chat[] {
    return [...this.#dirty.values()].map((chat) => $state.snapshot(chat) as Chat);
  }

  async #begin(openId: string | null): Promise<void> {
    await this.#write(leftBehind());
    await this.#list();
    this.status = 'open';
    // What was typed before the list was there goes on; else what was shown last.
    if (openId !== null && this.#dirty.size === 0) await this.open(openId);
    await this.flush();
  }

  async #list(): Promise<void> {
    this.summaries = listed(await this.#store.summaries());
  }

  async #write(chats: Chat[]): Promise<void> {
    const kept = chats.filter(({ id }) => !this.#removedIds.has(id));
    if (kept.length === 0) return;
    await this.#store.put(kept);
    pickUp(kept.map(({ id }) => id));
    const ids = new Set(kept.map(({ id }) => id));
    this.summaries = listed([...this.summaries.filter(({ id }) => !ids.has(id)), ...kept.map(summaryOf)]);
    for (const chat of kept) this.#texts?.set(chat.id, searchTextOf(chat));
    this.#channel.postMessage({ kept: [...ids] } satisfies Change);
  }

  async #change(id: string, changes: Pick<Chat, 'name'> | Pick<Chat, 'isPinned'>): Promise<void> {
    if (id === this.#conversation.id) {
      this.#conversation.label(changes);
      await this.flush();
      return;
    }
    const chat = await this.#store.get(id);
    if (chat) await this.#write([{ ...chat, ...changes }]);
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
    this.#texts?.delete(id);
    this.summaries = this.summaries.filter((summary) => summary.id !== id);
    if (this.#conversation.id === id) this.#conversation.open(emptyChat());
  }

  /** What another tab has done. */
  async #follow({ removed = [] }: Change): Promise<void> {
    for (const id of removed) this.#forget(id);
    if (this.status !== 'open') return;
    this.#texts = null;
    await this.#list().catch(() => undefined);
  }
}

function listed(summaries: ChatSummary[]): ChatSummary[] {
  return summaries
    .filter(({ title }) => title !== '')
    .sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || b.updatedAt - a.updatedAt);
}
