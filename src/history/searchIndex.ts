import type { Chat } from '../chat/chat';
import type { ChatStore } from './chatStore';
import { searchTextOf, type SearchText } from './searchChats';

/** What is searched of all conversations: read some at a time, and kept up to date from then on. One call at a time. */
export class SearchIndex {
  readonly #store: ChatStore;
  readonly #texts = new Map<string, SearchText>();
  /** What is still to be read; null before anything was asked for. */
  #portions: AsyncGenerator<Chat[], void> | null = null;

  constructor(store: ChatStore) {
    this.#store = store;
  }

  /** Reads some conversations more. True once all of them are read. Rejects where one cannot be read, and begins anew then. */
  async readSome(): Promise<boolean> {
    this.#portions ??= this.#store.portions();
    try {
      const { done, value = [] } = await this.#portions.next();
      for (const chat of value) this.put(chat);
      return done === true;
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  /** The texts of all conversations. Rejects as `readSome` does. */
  async all(): Promise<Iterable<SearchText>> {
    let isWhole = false;
    while (!isWhole) isWhole = await this.readSome();
    return this.#texts.values();
  }

  /** Takes in a conversation as it is stored now. */
  put(chat: Chat): void {
    if (this.#portions) this.#texts.set(chat.id, searchTextOf(chat));
  }

  remove(id: string): void {
    this.#texts.delete(id);
  }

  /** Forgets everything: it is read anew when it is asked for. */
  reset(): void {
    this.#texts.clear();
    this.#portions = null;
  }
}
