import { picturesIn, type Chat } from '../chat/chat';
import type { PictureBytes } from '../pictures/picture';
import type { ChatStore } from './chatStore';

/** The bytes of the pictures that conversations show: those in the database, and those on their way there. */
export class KeptPictures {
  /** Pictures that the database does not have yet. */
  readonly #unstored = new Map<string, ArrayBuffer>();

  constructor(private readonly store: ChatStore) {}

  /** Takes in a picture, which is stored with the first conversation that shows it. */
  add(id: string, bytes: ArrayBuffer): void {
    this.#unstored.set(id, bytes);
  }

  /** The bytes of a picture that is not stored yet. */
  unstored(id: string): ArrayBuffer | undefined {
    return this.#unstored.get(id);
  }

  /** The pictures of `chats` that are not stored yet. */
  unstoredOf(chats: readonly Chat[]): PictureBytes {
    const shown = new Set(idsIn(chats));
    return new Map([...this.#unstored].filter(([id]) => shown.has(id)));
  }

  /** Notes that the database has them now, or that nobody wants them. */
  letGo(ids: Iterable<string>): void {
    for (const id of ids) this.#unstored.delete(id);
  }

  clear(): void {
    this.#unstored.clear();
  }

  /** The bytes of all pictures of `chats`, as far as they are stored. */
  async storedOf(chats: readonly Chat[]): Promise<PictureBytes> {
    const pictures = new Map<string, ArrayBuffer>();
    for (const id of idsIn(chats)) {
      const bytes = await this.store.picture(id);
      if (bytes) pictures.set(id, bytes);
    }
    return pictures;
  }

  /** Ids of the pictures that only the stored forms of `chats` show. */
  async replacedBy(chats: readonly Chat[]): Promise<string[]> {
    const replaced = await Promise.all(chats.map(({ id }) => this.store.get(id)));
    const shown = new Set(idsIn(chats));
    return idsIn(replaced.filter((chat) => chat !== undefined)).filter((id) => !shown.has(id));
  }
}

function idsIn(chats: readonly Chat[]): string[] {
  return chats.flatMap(picturesIn).map(({ id }) => id);
}
