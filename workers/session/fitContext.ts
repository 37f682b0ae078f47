import type { ChatMessage } from '../protocol/chat';

/** A conversation as far as it fits: its token ids, and how many messages at its beginning were left out. */
export interface FittedContext {
  tokenIds: number[];
  droppedMessages: number;
}

/** The answer is kept at most this share of the context free. */
const MAX_RESERVE = 1 / 4;
/** What has to go is rounded up to multiples of this share of the rest. */
const STEP = 1 / 4;

/**
 * Leaves out the oldest turns of a conversation until its tokens and an answer of `maxTokens`, or of a quarter of the
 * context where that is less, fit `contextLength`. A turn is a user message and what follows it. System messages at the
 * beginning stay, and so does the last turn: the result is too long where that turn alone is.
 *
 * What is left out depends on the messages alone, and grows in steps. A conversation that goes on keeps its beginning,
 * and with it the keys and values in the cache, for several turns.
 */
export function fitContext<Message extends Pick<ChatMessage, 'role'>>(
  messages: readonly Message[],
  encode: (messages: Message[]) => number[],
  { contextLength, maxTokens }: { contextLength: number; maxTokens: number },
): FittedContext {
  const reserve = Math.max(1, Math.min(maxTokens, Math.floor(contextLength * MAX_RESERVE)));
  const usable = contextLength - reserve;
  const tokenIds = encode([...messages]);
  const excess = tokenIds.length - usable;
  if (excess <= 0) return { tokenIds, droppedMessages: 0 };

  const first = messages.findIndex(({ role }) => role !== 'system');
  const encodeFrom = (start: number) => encode([...messages.slice(0, first), ...messages.slice(start)]);
  const step = Math.max(1, Math.floor(usable * STEP));
  const target = tokenIds.length - Math.ceil(excess / step) * step;
  const turnStarts = messages.flatMap(({ role }, i) => (role === 'user' && i > first ? [i] : []));
  const start = firstWhere(turnStarts, (turnStart) => encodeFrom(turnStart).length <= target);
  return start === undefined
    ? { tokenIds, droppedMessages: 0 }
    : { tokenIds: encodeFrom(start), droppedMessages: start - first };
}

/** The first item for which `isEnough` holds, given that it holds for all behind it; where for none, the last item. */
function firstWhere<Item>(items: readonly Item[], isEnough: (item: Item) => boolean): Item | undefined {
  let low = 0;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isEnough(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return items[low];
}
