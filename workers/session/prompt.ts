import { engineError } from '../errors';
import type { GenerateInput } from '../protocol';
import { fitContext, type FittedContext } from './fitContext';
import type { Session } from './session';

/**
 * The prompt of a generation, with room for one token behind it at least. A conversation that is too long loses its
 * oldest turns where `input` asks for that. Throws ContextFullError, and RangeError for a senseless `contextOverflow`.
 */
export function promptOf(session: Session, input: GenerateInput, maxTokens: number): FittedContext {
  const prompt = fittedPrompt(session, input, maxTokens);
  const { contextLength } = session;
  const { tokenIds, droppedMessages } = prompt;
  if (tokenIds.length < contextLength) return prompt;
  const what = droppedMessages > 0 ? 'the last message alone' : 'the conversation';
  throw engineError('ContextFullError', `${what} has ${tokenIds.length} tokens, the context holds ${contextLength}`);
}

function fittedPrompt(session: Session, input: GenerateInput, maxTokens: number): FittedContext {
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
