import { randomId } from '../engine/randomId';
import { fromBase64 } from '../history/base64';
import type { ChatHistory } from '../history/history.svelte';
import type { Picture } from '../pictures/picture';
import type { Entry, Thumbnail } from './entry';
import { keptChat } from './keptChat';

type KeepingHistory = Pick<ChatHistory, 'keep' | 'keepPicture' | 'flush' | 'summaries'>;

/** Stores a commentary: as the same conversation each time, and every picture once; anew where that was removed. */
export class CommentaryKeeper {
  readonly #history: KeepingHistory;
  #chatId = randomId();
  #wasKept = false;
  /** What the conversation has of pictures, by the entries they belong to, which may have given them up since. */
  readonly #frames = new Map<number, Picture>();

  constructor(history: KeepingHistory) {
    this.#history = history;
  }

  /** The conversation that is stored. */
  get chatId(): string {
    return this.#chatId;
  }

  /** Stores `entries`, which begin with those that were stored before. Never rejects: see `isBehind` of the history. */
  async keep(entries: readonly Entry[], question: string, timeOf: (entry: Entry) => string): Promise<void> {
    if (this.#wasKept && !this.#history.summaries.some(({ id }) => id === this.#chatId)) {
      this.#chatId = randomId();
      this.#frames.clear();
    }
    for (const entry of entries) {
      const { id, thumbnail } = entry;
      if (thumbnail && !this.#frames.has(id)) this.#frames.set(id, this.#keepPicture(thumbnail, timeOf(entry)));
    }
    this.#history.keep({ ...keptChat(entries, question, timeOf, this.#frames), id: this.#chatId });
    await this.#history.flush();
    this.#wasKept = true;
  }

  #keepPicture({ url, width, height }: Thumbnail, name: string): Picture {
    const id = randomId();
    this.#history.keepPicture(id, fromBase64(url.slice(url.indexOf(',') + 1)));
    return { id, name, type: 'image/jpeg', width, height, maxSlices: null };
  }
}
