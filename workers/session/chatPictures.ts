import type { ImageConfig } from '../checkpoint/imageConfig';
import { engineError } from '../errors';
import { decodePicture } from '../image/decode';
import type { Picture } from '../image/picture';
import { arrangePictures, featureRanges, picturePlaceholder } from '../image/placeholders';
import { planSlices, tileSizes, type SlicePlan } from '../image/slicing';
import { pictureTiles, tilePixels, type Tile } from '../image/tiles';
import { unfoldPatches } from '../model/patches';
import type { ChatInput, ChatMessage, ImagePart } from '../protocol/chat';
import { sha256 } from '../storage/hash';
import type { Tokenizer } from '../tokenizer/tokenizer';
import { chatTokenIds } from './chatTokenIds';
import type { PromptTile } from './featureStore';

/** A picture of a conversation, decoded. */
interface OpenPicture {
  hash: string;
  picture: Picture;
}

/** A picture where a message shows it, and what it is cut into there. */
interface ShownPicture extends OpenPicture {
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
      const urls = new Set(picturesOf(messages).map(({ url }) => url));
      for (const url of urls) pictures.set(url, await openPicture(url));
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

  #shown(messages: readonly ChatMessage[]): ShownPicture[] {
    return picturesOf(messages).map((shown) => {
      const open = this.pictures.get(shown.url)!;
      return { ...open, plan: planSlices(open.picture, this.config, mostSlices(shown, this.config)) };
    });
  }

  #tilesOf({ hash, picture, plan }: ShownPicture, patchWidth: number): Omit<PromptTile, 'start'>[] {
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
  return picturesOf(messages).length > 0;
}

/** All pictures in order. */
function picturesOf(messages: readonly ChatMessage[]): ImagePart['image_url'][] {
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? content.flatMap((part) => (part.type === 'image_url' ? [part.image_url] : [])) : [],
  );
}

function mostSlices({ detail, max_slices = Infinity }: ImagePart['image_url'], { maxSlices }: ImageConfig): number {
  return Math.min(maxSlices, max_slices, detail === 'low' ? 1 : Infinity);
}

async function openPicture(url: string): Promise<OpenPicture> {
  const file = await readPicture(url);
  const hash = await sha256(new Uint8Array(await file.arrayBuffer()));
  return { hash, picture: await decodePicture(file) };
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
