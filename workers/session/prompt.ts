import { engineError } from '../errors';
import type { ChatInput, ChatMessage } from '../protocol/chat';
import type { GenerateInput } from '../protocol/generation';
import type { PictureProgress } from '../protocol/pictures';
import type { PromptTile } from './featureStore';
import { fitContext, type FittedContext } from './fitContext';
import type { Session } from './session';

/** What a session takes: also tokens with the tiles of pictures that go among them, cut already. */
export type SessionInput =
  GenerateInput | { tokenIds: number[]; tiles: readonly PromptTile[]; writtenTokenIds?: number[] };

/** What `forward` takes: see SessionInput. */
export type ForwardInput = { tokenIds: number[]; tiles?: readonly PromptTile[] } | { messages: ChatMessage[] };

/** Token ids of an input that is computed as a whole, and the same with the features of pictures in place. */
export async function forwardPromptOf(
  session: Session,
  input: ForwardInput,
): Promise<{ tokenIds: number[]; prompt: number[] }> {
  const pictures = 'messages' in input ? await session.openPictures(input.messages) : null;
  try {
    const isPictured = 'messages' in input && pictures !== null;
    const tokenIds = isPictured ? pictures.encode(input) : session.tokenIdsOf(input);
    session.checkFits(tokenIds);
    const tiles = isPictured ? pictures.tiles(input.messages, tokenIds, session.encoder!.patchWidth) : tilesOf(input);
    return { tokenIds, prompt: await session.withTiles(tokenIds, tiles) };
  } finally {
    pictures?.close();
  }
}

function tilesOf(input: SessionInput | ForwardInput): readonly PromptTile[] {
  return ('tiles' in input && input.tiles) || [];
}

/**
 * The prompt of a generation, with room for one token behind it at least, and the features of its pictures in place. A
 * conversation that is too long loses its oldest turns where `input` asks for that. Throws ContextFullError, and RangeError
 * for a senseless `contextOverflow`.
 */
export async function promptOf(
  session: Session,
  input: SessionInput,
  maxTokens: number,
  signal?: AbortSignal,
  onPictures?: (progress: PictureProgress) => void,
): Promise<FittedContext> {
  if (!('messages' in input)) {
    const tokenIds = session.tokenIdsOf(input);
    checkRoom(session, tokenIds, 'the prompt');
    return { tokenIds: await session.withTiles(tokenIds, tilesOf(input), signal, onPictures), droppedMessages: 0 };
  }
  const pictures = await session.openPictures(input.messages);
  try {
    const encode = (messages: ChatMessage[]) =>
      pictures?.encode({ ...input, messages }) ?? session.tokenIdsOf({ ...input, messages });
    const { tokenIds, droppedMessages } = fittedChat(session, input, encode, maxTokens);
    checkRoom(session, tokenIds, droppedMessages > 0 ? 'the last message alone' : 'the conversation');
    const kept = withoutDropped(input.messages, droppedMessages);
    const tiles = pictures?.tiles(kept, tokenIds, session.encoder!.patchWidth) ?? [];
    return { tokenIds: await session.withTiles(tokenIds, tiles, signal, onPictures), droppedMessages };
  } finally {
    pictures?.close();
  }
}

function checkRoom({ contextLength }: Session, tokenIds: number[], what: string): void {
  if (tokenIds.length < contextLength) return;
  throw engineError('ContextFullError', `${what} has ${tokenIds.length} tokens, the context holds ${contextLength}`);
}

function fittedChat(
  session: Session,
  { messages, contextOverflow = 'stop' }: ChatInput,
  encode: (messages: ChatMessage[]) => number[],
  maxTokens: number,
): FittedContext {
  if (contextOverflow !== 'stop' && contextOverflow !== 'drop_oldest') {
    throw new RangeError(`context_overflow is 'stop' or 'drop_oldest', not ${JSON.stringify(contextOverflow)}`);
  }
  if (contextOverflow === 'stop') return { tokenIds: encode(messages), droppedMessages: 0 };
  return fitContext(messages, encode, { contextLength: session.contextLength, maxTokens });
}

/** System messages at the beginning stay. */
function withoutDropped(messages: ChatMessage[], dropped: number): ChatMessage[] {
  const first = messages.findIndex(({ role }) => role !== 'system');
  return messages.filter((_, i) => i < first || i >= first + dropped);
}
