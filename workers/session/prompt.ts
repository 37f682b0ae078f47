import { engineError } from '../errors';
import type { GenerateInput } from '../protocol';
import type { PromptTile } from './featureStore';
import { fitContext, type FittedContext } from './fitContext';
import type { Session } from './session';

/** What a session takes: also tokens with the tiles of pictures that go among them, cut already. */
export type SessionInput = GenerateInput | { tokenIds: number[]; tiles: readonly PromptTile[] };

/**
 * The prompt of a generation, with room for one token behind it at least. A conversation that is too long loses its
 * oldest turns where `input` asks for that. Throws ContextFullError, and RangeError for a senseless `contextOverflow`.
 */
export async function promptOf(
  session: Session,
  input: SessionInput,
  maxTokens: number,
  signal?: AbortSignal,
): Promise<FittedContext> {
  const { tokenIds, droppedMessages } = fittedPrompt(session, input, maxTokens);
  const { contextLength } = session;
  if (tokenIds.length < contextLength) {
    const tiles = 'tiles' in input ? input.tiles : [];
    return { tokenIds: await session.withTiles(tokenIds, tiles, signal), droppedMessages };
  }
  const what = droppedMessages > 0 ? 'the last message alone' : 'the conversation';
  throw engineError('ContextFullError', `${what} has ${tokenIds.length} tokens, the context holds ${contextLength}`);
}

function fittedPrompt(session: Session, input: SessionInput, maxTokens: number): FittedContext {
  const contextOverflow = ('messages' in input && input.contextOverflow) || 'stop';
  if (contextOverflow !== 'stop' && contextOverflow !== 'drop_oldest') {
    throw new RangeError(`context_overflow is 'stop' or 'drop_oldest', not ${JSON.stringify(contextOverflow)}`);
  }
  if (!('messages' in input) || contextOverflow === 'stop') {
    return { tokenIds: session.tokenIdsOf(input), droppedMessages: 0 };
  }
  const encode = (messages: typeof input.messages) => session.tokenIdsOf({ ...input, messages });
  return fitContext(input.messages, encode, { contextLength: session.contextLength, maxTokens });
}
