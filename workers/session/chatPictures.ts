import type { ImageConfig } from '../checkpoint/imageConfig';
import { engineError } from '../errors';
import { decodePicture } from '../image/decode';
import type { Picture } from '../image/picture';
import { arrangePictures, featureRanges, picturePlaceholder } from '../image/placeholders';
import { planSlices, tileSizes, type SlicePlan } from '../image/slicing';
import { pictureTiles, tilePixels, type Tile } from '../image/tiles';
import { unfoldPatches } from '../model/patches';
import type { ChatInput, ChatMessage } from '../protocol';
import { sha256 } from '../storage/hash';
import type { Tokenizer } from '../tokenizer/tokenizer';
import { chatTokenIds } from './chatTokenIds';
import type { PromptTile } from './featureStore';

/** A picture of a conversation, decoded, and what it is cut into. */
interface OpenPicture {
  hash: string;
  picture: Picture;
  plan: SlicePlan;
}

/** The pictures of a conversation: each is decoded once, and cut into tiles where those have to be encoded. */
export class ChatPictures {
  private constructor(
    private readonly config: ImageConfig,
    private readonly tokenizer: Tokenizer,
    /** By the address in the message. */
    private readonly pictures: ReadonlyMap<string, OpenPicture>,
  ) {}

  /**
   * Reads and decodes every picture of `messages`; `data:` and `blob:` addresses are allowed. To be closed after use.
   * Throws UnsupportedError for another address, InvalidFileError for what is no picture.
   */
  static async open(
    messages: readonly ChatMessage[],
    config: ImageConfig,
    tokenizer: Tokenizer,
  ): Promise<ChatPictures> {
    const pictures = new Map<string, OpenPicture>();
    const chat = new ChatPictures(config, tokenizer, pictures);
    try {
      for (const url of new Set(pictureUrls(messages))) pictures.set(url, await openPicture(url, config));
    } catch (error) {
      chat.close();
      throw error;
    }
    return chat;
  }

  /** Token ids of a chat, with tokens that stand for the features of its pictures. Throws what chatTokenIds throws. */
  encode(input: ChatInput): number[] {
    const messages = arrangePictures(input.messages, this.config);
    const shown = this.#shown(messages);
    return chatTokenIds(
      this.tokenizer,
      { ...input, messages },
      {
        imagePlaceholder: (index) => picturePlaceholder(shown[index]!.plan, index, this.config),
      },
    );
  }

  /** The tiles of the pictures of `messages`, which were encoded to `tokenIds`. Throws UnsupportedError where the two differ. */
  tiles(messages: readonly ChatMessage[], tokenIds: readonly number[], patchWidth: number): PromptTile[] {
    const shown = this.#shown(arrangePictures(messages, this.config));
    const plans = shown.map(({ plan }) => plan);
    const ranges = featureRanges(tokenIds, plans, this.config, (token) => this.tokenizer.tokenId(token));
    return shown
      .flatMap((picture) => this.#tilesOf(picture, patchWidth))
      .map((tile, i) => ({ ...tile, start: ranges[i]!.start, rows: ranges[i]!.end - ranges[i]!.start }));
  }

  close(): void {
    for (const { picture } of this.pictures.values()) picture.close();
  }

  #shown(messages: readonly ChatMessage[]): OpenPicture[] {
    return pictureUrls(messages).map((url) => this.pictures.get(url)!);
  }

  #tilesOf({ hash, picture, plan }: OpenPicture, patchWidth: number): Omit<PromptTile, 'start'>[] {
    const { config } = this;
    let cut: Promise<Tile[]> | null = null;
    return tileSizes(plan).map((_, index) => ({
      key: JSON.stringify([hash, plan, index]),
      patches: async () => {
        cut ??= pictureTiles(picture, plan, config);
        const tile = (await cut)[index]!;
        return unfoldPatches(tilePixels(tile, config), tile, config.patchSize, patchWidth);
      },
    }));
  }
}

/** Whether any of the messages shows a picture. */
export function hasPictures(messages: readonly ChatMessage[]): boolean {
  return pictureUrls(messages).length > 0;
}

/** The addresses of all pictures in order. */
function pictureUrls(messages: readonly ChatMessage[]): string[] {
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? content.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : [])) : [],
  );
}

async function openPicture(url: string, config: ImageConfig): Promise<OpenPicture> {
  const file = await readPicture(url);
  const hash = await sha256(new Uint8Array(await file.arrayBuffer()));
  const picture = await decodePicture(file);
  return { hash, picture, plan: planSlices(picture, config) };
}

/** Nothing is fetched from a server: a message must bring its pictures along. */
async function readPicture(url: string): Promise<Blob> {
  if (!/^(data|blob):/.test(url)) {
    throw engineError('UnsupportedError', 'messages: pictures must have data: or blob: addresses');
  }
  try {
    return await (await fetch(url)).blob();
  } catch (error) {
    throw engineError('InvalidFileError', 'a picture of the message cannot be read from its address', error);
  }
}
