import { picturesIn } from '../chat/chat';
import type { Conversation } from '../chat/conversation.svelte';
import { picturesOf } from '../chat/message';
import type { PictureInspection } from '../engine/api';
import type { EngineState } from '../engine/engine.svelte';
import { randomId } from '../engine/randomId';
import type { ChatHistory } from '../history/history.svelte';
import type { Picture } from './picture';
import { MOST_BYTES, problemOf, type PictureProblem } from './pictureProblem';
import { PictureUrls } from './pictureUrls';

/** The page's own error: the bytes of a picture are not kept here. */
export const MISSING_PICTURE = 'MissingPictureError';

/** Pictures on their way: from files into the draft, and from what is kept to the screen and the engine. */
export class Pictures {
  /** Why the last file was not taken. */
  problem = $state.raw<PictureProblem | null>(null);
  /** How many files are being looked into. */
  taking = $state(0);

  readonly #engine: Pick<EngineState, 'loaded' | 'inspectPicture'>;
  readonly #conversation: Pick<Conversation, 'id' | 'messages' | 'draftPictures' | 'detach'>;
  readonly #history: Pick<ChatHistory, 'keepPicture' | 'picture' | 'dropPicture' | 'flush'>;
  readonly #urls: PictureUrls;
  /** What came before any model was open. */
  #waiting: File[] = [];
  #turns: Promise<unknown> = Promise.resolve();

  /** What the model sees of the branch that is shown, and the pictures of the draft. */
  readonly #shown = $derived.by(() => [
    ...this.#conversation.messages.flatMap(picturesOf),
    ...this.#conversation.draftPictures,
  ]);
  /** True where the loaded model sees. */
  readonly areSeen = $derived.by(() => this.#engine.loaded?.vision ?? false);
  /** Why the conversation as it is cannot be sent to the loaded model. */
  readonly refusal: PictureProblem | null = $derived.by(() => {
    if (this.#shown.length === 0 || !this.#engine.loaded) return null;
    if (!this.areSeen) return { name: 'cannotSee', file: '' };
    return this.#shown.length > this.#most ? { name: 'onlyOne', file: '' } : null;
  });

  constructor(
    engine: Pick<EngineState, 'loaded' | 'inspectPicture'>,
    conversation: Pick<Conversation, 'id' | 'messages' | 'draftPictures' | 'detach'>,
    history: Pick<ChatHistory, 'keepPicture' | 'picture' | 'dropPicture' | 'flush'>,
  ) {
    this.#engine = engine;
    this.#conversation = conversation;
    this.#history = history;
    this.#urls = new PictureUrls((id) => history.picture(id));
  }

  /**
   * Adds pictures to the draft, each looked into by the engine first. Never rejects: `problem` says what was not taken.
   * Before a model is open they wait for one that sees: see `resume`.
   */
  attach(files: readonly File[]): Promise<void> {
    if (!this.#engine.loaded) {
      this.#waiting.push(...files);
      return Promise.resolve();
    }
    this.problem = null;
    this.taking += files.length;
    const { id } = this.#conversation;
    this.#turns = this.#turns.then(async () => {
      for (const file of files) {
        await this.#take(file, id);
        this.taking--;
      }
    });
    return this.#turns.then(() => undefined);
  }

  /** Takes in what came before a model that sees was open. */
  async resume(): Promise<void> {
    if (this.#waiting.length > 0 && this.areSeen) await this.attach(this.#waiting.splice(0));
  }

  /** Takes a picture off the draft, and deletes it unless a message shows it too. */
  async remove({ id }: Picture): Promise<void> {
    this.problem = null;
    if (!this.#conversation.detach(id)) return;
    this.#urls.revoke(id);
    await this.#history.dropPicture(id);
  }

  /** How many slices the model is to look at of a picture of the draft; null for as many as it takes. */
  setDetail({ id }: Picture, maxSlices: number | null): void {
    const { draftPictures } = this.#conversation;
    this.#conversation.draftPictures = draftPictures.map((other) =>
      other.id === id ? { ...other, maxSlices } : other,
    );
  }

  /** An address for the screen and the engine, good until the conversation is left. Rejects where the bytes are gone. */
  async urlOf(picture: Picture): Promise<string> {
    const url = await this.#urls.urlOf(picture);
    if (url !== null) return url;
    throw Object.assign(new Error(`${picture.name} is not kept here`), { name: MISSING_PICTURE });
  }

  /** What the loaded model would make of a picture; null where it cannot say. */
  async inspect({ id, type }: Picture): Promise<PictureInspection | null> {
    const bytes = await this.#history.picture(id);
    if (!bytes || !this.areSeen) return null;
    return this.#engine.inspectPicture(new Blob([bytes], { type })).catch(() => null);
  }

  /** Another conversation is shown: frees what only others show, and what was not taken is no matter any more. */
  leaveOthers(): void {
    this.problem = null;
    this.#urls.keepOnly(picturesIn(this.#conversation).map(({ id }) => id));
  }

  get #most(): number {
    return this.#engine.loaded?.mostPictures ?? Infinity;
  }

  /** Takes a file for the conversation `chatId`, unless another one is shown by the time it has been read. */
  async #take(file: File, chatId: string): Promise<void> {
    const refuse = (name: PictureProblem['name']) => {
      if (this.#conversation.id === chatId) this.problem = { name, file: file.name };
    };
    if (!this.areSeen) return refuse('cannotSee');
    if (this.#shown.length >= this.#most) return refuse('onlyOne');
    if (file.size > MOST_BYTES) return refuse('tooHeavy');
    try {
      const { type, width, height } = await this.#engine.inspectPicture(file);
      const bytes = await file.arrayBuffer();
      if (this.#conversation.id !== chatId) return;
      const id = randomId();
      this.#history.keepPicture(id, bytes);
      const picture = { id, name: file.name, type, width, height, maxSlices: null };
      this.#conversation.draftPictures = [...this.#conversation.draftPictures, picture];
      void this.#history.flush();
    } catch (error) {
      refuse(problemOf(error));
    }
  }
}
