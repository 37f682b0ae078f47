import { hasErrorName } from '../errors';
import type { GenerateResult, GeneratedToken, SamplingOptions } from '../protocol/generation';
import type { ModelStats } from '../protocol/loading';
import type { PictureProgress } from '../protocol/pictures';
import { answer } from './answer';
import { goesOnInText } from './chatTokenIds';
import type { FittedContext } from './fitContext';
import { logprobsOf } from './logprobs';
import { promptOf, type SessionInput } from './prompt';
import { samplingOf } from './samplingOptions';
import type { Session } from './session';
import { TextStream } from './textStream';

/**
 * The generation loop: prefill the prompt, then sample and decode until a stop token, a stop string, the token limit,
 * the end of the context or the signal. A stop by the person is a result, not an error.
 * Throws ContextFullError when the prompt does not leave room for an answer.
 */
export async function generate(
  session: Session,
  input: SessionInput,
  options: SamplingOptions,
  onToken: (token: GeneratedToken) => void,
  signal: AbortSignal,
  onPictures?: (progress: PictureProgress) => void,
): Promise<GenerateResult> {
  const started = performance.now();
  const maxTokens = options.max_tokens ?? session.info.sampling.maxTokens ?? Infinity;
  const before = session.stats();
  const stopIds = options.ignore_eos ? new Set<number>() : stopTokenIds(session);
  const tokenizer = session.hasTokenizer ? session.tokenizer : null;
  const isInsideText = 'messages' in input && goesOnInText(input);
  const text = new TextStream(tokenizer, stopStrings(session, input, options), isInsideText);
  let finishReason: GenerateResult['finishReason'] = 'length';
  const written = writtenTokenIds(session, input);
  const emit = heldBack(onToken, written.at(-1));
  // What their text held back comes out with the next token.
  for (const tokenId of written) text.push(tokenId);
  let completionTokens = written.length;
  let firstTokenSeconds: number | null = null;
  let prompt: FittedContext = { tokenIds: [], droppedMessages: 0 };
  try {
    prompt = await promptOf(session, input, maxTokens, signal, onPictures);
    const { tokenIds: promptIds } = prompt;
    const { tokens_in_flight: tokensInFlight = Infinity } = options;
    if (!(tokensInFlight >= 1)) throw new RangeError('tokens_in_flight must be at least 1');
    const answerOptions = {
      sampling: samplingOf(options, session.info.sampling),
      maxTokens,
      wantsLogits: options.logprobs ?? false,
      promptLookup: options.prompt_lookup ?? true,
      predictedTokens: predictedTokens(session, options),
      tokensInFlight,
      written,
    };
    for await (const { tokenId, logits } of answer(session, promptIds, answerOptions, signal)) {
      completionTokens++;
      firstTokenSeconds ??= (performance.now() - started) / 1000;
      let isStop = stopIds.has(tokenId);
      if (!isStop) {
        const { emitted, stopped, isHolding } = text.push(tokenId);
        emit.token({ tokenId, text: emitted, ...tokenLogprobs(session, options, logits, tokenId) }, isHolding);
        isStop = stopped;
      }
      if (isStop) {
        finishReason = 'stop';
        break;
      }
    }
  } catch (error) {
    if (!hasErrorName(error, 'AbortError')) throw error;
    finishReason = 'aborted';
  }
  emit.end(text.end());
  const { tokenIds: promptIds, droppedMessages } = prompt;
  // The last token is not fed back: it needs no room.
  const contextFull = finishReason === 'length' && promptIds.length + completionTokens > session.contextLength;
  return {
    finishReason,
    contextFull,
    promptTokens: promptIds.length,
    completionTokens,
    droppedMessages,
    firstTokenSeconds,
    ...spentSince(before, session.stats()),
  };
}

function predictedTokens(session: Session, { prediction }: SamplingOptions): number[] {
  const content = prediction?.content ?? [];
  return typeof content === 'string'
    ? session.tokenizer.encode(content, { addSpecialTokens: false })
    : session.tokenIdsOf({ tokenIds: content });
}

/** Checks that each is in the vocabulary. */
function writtenTokenIds(session: Session, input: SessionInput): number[] {
  const { writtenTokenIds: tokenIds = [] } = input;
  return session.tokenIdsOf({ tokenIds });
}

function spentSince(before: ModelStats, now: ModelStats) {
  const tilesEncoded = now.tilesEncoded - before.tilesEncoded;
  const tilesReused = now.tilesReused - before.tilesReused;
  const encodeSeconds = now.encodeSeconds - before.encodeSeconds;
  return {
    cachedTokens: now.prefixTokensReused - before.prefixTokensReused,
    prefillSeconds: now.prefillSeconds - before.prefillSeconds,
    decodeSeconds: now.decodeSeconds - before.decodeSeconds,
    ...(tilesEncoded + tilesReused > 0 && { pictures: { tilesEncoded, tilesReused, encodeSeconds } }),
  };
}

/** The union of what config.json, generation_config.json, the GGUF and the tokenizer call an end of sequence or of turn. */
function stopTokenIds(session: Session): Set<number> {
  const { eosTokenIds } = session.config;
  if (!session.hasTokenizer) return new Set(eosTokenIds);
  const { eosTokenId, endOfTurnTokenIds } = session.tokenizer;
  return new Set([...eosTokenIds, ...endOfTurnTokenIds, ...(eosTokenId === null ? [] : [eosTokenId])]);
}

/** The caller's stop strings and, in a chat, the turn markers that the model writes as ordinary text. */
function stopStrings(session: Session, input: SessionInput, { stop = [] }: SamplingOptions): string[] {
  const asked = typeof stop === 'string' ? [stop] : stop;
  return 'messages' in input ? [...asked, ...session.tokenizer.turnMarkers] : asked;
}

function tokenLogprobs(
  session: Session,
  { top_logprobs = 0 }: SamplingOptions,
  logits: Float32Array | null,
  tokenId: number,
): Pick<GeneratedToken, 'logprob' | 'topLogprobs'> {
  if (!logits) return {};
  const { logprob, top } = logprobsOf(logits, tokenId, top_logprobs);
  const token = (id: number) => (session.hasTokenizer ? session.tokenizer.tokenText(id) : '');
  return { logprob, topLogprobs: top.map((entry) => ({ ...entry, token: token(entry.tokenId) })) };
}

/**
 * Passes tokens on at once, except the newest one while some of its text is held back: should generation end there, the
 * text left over belongs to it. Where no token came behind those that were written before, what they held back belongs to
 * the last of them.
 */
function heldBack(onToken: (token: GeneratedToken) => void, lastWritten: number | undefined) {
  let held: GeneratedToken | null = null;
  return {
    token(token: GeneratedToken, isHolding: boolean) {
      if (held) onToken(held);
      held = isHolding ? token : null;
      if (!isHolding) onToken(token);
    },
    end(remainingText: string) {
      if (held) onToken({ ...held, text: held.text + remainingText });
      else if (lastWritten !== undefined && remainingText !== '')
        onToken({ tokenId: lastWritten, text: remainingText });
      held = null;
    },
  };
}
