import { hasPenalties, type SampledToken, type Sampling } from '../ops/tokenLoop';
import { PromptLookup } from './promptLookup';
import type { Session } from './session';

export interface AnswerOptions {
  sampling: Sampling;
  maxTokens: number;
  /** Each token comes with the logits it was chosen from. */
  wantsLogits: boolean;
  /** Greedy answers may check drafted tokens several at a time. */
  promptLookup: boolean;
  /** Drafts come from these tokens too. */
  predictedTokens: readonly number[];
  /** Tokens that may be in flight, at least 1; Infinity leaves it to the device. */
  tokensInFlight: number;
  /** Tokens of the answer that are there already, and not given again. */
  written: readonly number[];
}

/**
 * The tokens of an answer in turn, up to the limit or the end of the context. Several are in flight: the device goes on
 * while a token travels, and what it computed beyond the last one taken is forgotten. Throws AbortError on a stop.
 */
export async function* answer(
  session: Session,
  promptIds: number[],
  { sampling, maxTokens, wantsLogits, promptLookup, predictedTokens, tokensInFlight, written }: AnswerOptions,
  signal: AbortSignal,
): AsyncGenerator<SampledToken, void> {
  // The last token needs no place in the cache.
  const most = Math.min(maxTokens, session.contextLength - promptIds.length + 1);
  if (most < written.length + 1) return;
  const mayDraft =
    promptLookup && session.drafts !== null && sampling.temperature === 0 && !hasPenalties(sampling) && !wantsLogits;
  const lookup = mayDraft ? new PromptLookup(promptIds, predictedTokens) : null;
  const { pace } = session;
  pace.pause();
  let taken = written.length;
  for (const tokenId of written) lookup?.push(tokenId);
  if (taken > 0) {
    await session.rewrite(promptIds, written, sampling, signal);
  } else {
    const first = await session.first(promptIds, sampling, wantsLogits, signal);
    lookup?.push(first.tokenId);
    yield first;
    taken = 1;
  }
  const flight: Promise<SampledToken>[] = [];
  while (taken < most) {
    session.throwIfStopped(signal);
    const draft = lookup ? checkable(session, lookup, most - taken - 1) : [];
    if (draft.length > 0 && flight.length === 0) {
      const started = performance.now();
      const tokens = await session.check(draft);
      lookup!.checked(tokens.length, performance.now() - started, pace.tokenMs);
      pace.pause();
      for (const tokenId of tokens) {
        lookup!.push(tokenId);
        yield { tokenId, logits: null };
      }
      taken += tokens.length;
      continue;
    }
    // With a draft in sight nothing more takes off, and those in flight land first.
    const depth = Math.min(pace.depth, tokensInFlight);
    while (draft.length === 0 && flight.length < depth && taken + flight.length < most) {
      flight.push(inFlight(session.next(wantsLogits)));
    }
    const token = await flight.shift()!;
    session.advance(token.tokenId);
    pace.arrived(performance.now());
    taken++;
    lookup?.push(token.tokenId);
    yield token;
  }
}

/** A draft of up to `most` tokens; none while the program that checks the first one is in the making. */
function checkable(session: Session, lookup: PromptLookup, most: number): number[] {
  const drafts = session.drafts!;
  const draft = textOf(lookup.draft(Math.min(most, drafts.mostDrafted)), session);
  if (drafts.isReady || draft.length === 0) return draft;
  void drafts.prepare();
  return [];
}

/** A draft up to where it runs into a picture of the prompt. */
function textOf(draft: number[], { config }: Session): number[] {
  const picture = draft.findIndex((id) => id >= config.vocabSize);
  return picture < 0 ? draft : draft.slice(0, picture);
}

/** A promise that nobody may come to wait for: its failure is then of no interest. */
function inFlight<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
