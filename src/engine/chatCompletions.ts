import type { ChatMessage, ContextOverflow } from '../../workers/protocol/chat';
import type { GenerateResult, GeneratedToken, SamplingOptions, TokenLogprob } from '../../workers/protocol/generation';
import type { PictureProgress } from '../../workers/protocol/pictures';
import { randomId } from './randomId';

/**
 * An OpenAI chat-completions request; fields beyond OpenAI's: top_k, min_p, repetition_penalty, prompt_lookup,
 * ignore_eos, enable_thinking, context_overflow, continue_final_message, return_token_ids, written_token_ids, onPictures,
 * max_slices of a picture, and token ids for a prediction.
 */
export interface ChatRequest extends SamplingOptions {
  messages: ChatMessage[];
  stream?: boolean;
  signal?: AbortSignal;
  /** Passed to the chat template of models that can think before they answer. */
  enable_thinking?: boolean;
  /**
   * What becomes of a conversation that is longer than the context: 'stop' (default) rejects with ContextFullError;
   * 'drop_oldest' leaves out the oldest turns, but for the system prompt, until the rest and an answer of max_tokens, or
   * of a quarter of the context where that is less, fit. `usage.dropped_messages` says how many messages that took.
   */
  context_overflow?: ContextOverflow;
  /** True writes on the last message, which is the assistant's, instead of answering it. */
  continue_final_message?: boolean;
  /** True has every chunk of a stream say which tokens it is made of. */
  return_token_ids?: boolean;
  /**
   * The tokens of an answer that was broken off, by a lost device for instance, as its chunks said them: the same answer goes
   * on behind them. They count in `usage` and for max_tokens.
   */
  written_token_ids?: number[];
  /** Told while pictures that the model has not seen before are looked at, ahead of the answer. */
  onPictures?: (progress: PictureProgress) => void;
  /** Accepted and ignored: the loaded model answers. */
  model?: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** Prompt tokens that were still in the KV cache from the turn before. */
  cached_tokens: number;
  /** Messages at the beginning, the system prompt not counted, that were left out: see `context_overflow`. */
  dropped_messages: number;
  /** True where the finish reason is 'length' because the context was full, and not because of max_tokens. */
  context_full: boolean;
  /** From the call to the first token, waiting for other calls excluded; null where no token came. */
  first_token_seconds: number | null;
  prefill_seconds: number;
  decode_seconds: number;
  /** Decode speed, first token excluded. */
  tokens_per_second: number;
  /** Where the prompt shows pictures: the parts of them that were looked at, those known already, and the time it took. */
  pictures?: { encoded_tiles: number; reused_tiles: number; encode_seconds: number };
}

export interface ContentLogprob {
  token: string;
  token_id: number;
  logprob: number;
  top_logprobs: { token: string; token_id: number; logprob: number }[];
}

export type FinishReason = 'stop' | 'length' | 'aborted';

export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: {
    index: 0;
    message: { role: 'assistant'; content: string };
    finish_reason: FinishReason;
    logprobs: { content: ContentLogprob[] } | null;
  }[];
  usage: Usage;
}

export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: {
    index: 0;
    /** `reasoning_content` is there where thoughts are told from answers: see `withThoughts`. */
    delta: { role?: 'assistant'; content?: string; reasoning_content?: string };
    finish_reason: FinishReason | null;
    logprobs: { content: ContentLogprob[] } | null;
    /** Only where they were asked for. */
    token_ids?: number[];
  }[];
  /** On the last chunk only. */
  usage?: Usage;
}

/** What all chunks of one answer share. */
export interface CompletionHead {
  id: string;
  created: number;
  model: string;
}

export function completionHead(model: string): CompletionHead {
  return { id: `chatcmpl-${randomId()}`, created: Math.floor(Date.now() / 1000), model };
}

/** The chunk for one generated token, or null where the token adds nothing that is asked for. */
export function tokenChunk(
  head: CompletionHead,
  token: GeneratedToken,
  returnsTokenIds: boolean,
): ChatCompletionChunk | null {
  const logprobs = contentLogprobs([token]);
  if (token.text === '' && !logprobs && !returnsTokenIds) return null;
  const delta = { role: 'assistant', content: token.text } as const;
  const ids = returnsTokenIds ? { token_ids: [token.tokenId] } : {};
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: null, logprobs, ...ids }],
  };
}

export function lastChunk(head: CompletionHead, result: GenerateResult): ChatCompletionChunk {
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: {}, finish_reason: result.finishReason, logprobs: null }],
    usage: usageOf(result),
  };
}

export function completion(head: CompletionHead, tokens: GeneratedToken[], result: GenerateResult): ChatCompletion {
  const content = tokens.map((token) => token.text).join('');
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content },
        finish_reason: result.finishReason,
        logprobs: contentLogprobs(tokens),
      },
    ],
    usage: usageOf(result),
  };
}

function usageOf(result: GenerateResult): Usage {
  const { promptTokens, completionTokens, prefillSeconds, decodeSeconds, pictures } = result;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cached_tokens: result.cachedTokens,
    dropped_messages: result.droppedMessages,
    context_full: result.contextFull,
    first_token_seconds: result.firstTokenSeconds,
    prefill_seconds: prefillSeconds,
    decode_seconds: decodeSeconds,
    tokens_per_second: decodeSeconds > 0 ? Math.max(0, completionTokens - 1) / decodeSeconds : 0,
    ...(pictures && {
      pictures: {
        encoded_tiles: pictures.tilesEncoded,
        reused_tiles: pictures.tilesReused,
        encode_seconds: pictures.encodeSeconds,
      },
    }),
  };
}

function contentLogprobs(tokens: GeneratedToken[]): { content: ContentLogprob[] } | null {
  const content = tokens.flatMap(({ tokenId, text, logprob, topLogprobs = [] }) =>
    logprob === undefined
      ? []
      : [{ token: text, token_id: tokenId, logprob, top_logprobs: topLogprobs.map(topLogprob) }],
  );
  return content.length > 0 ? { content } : null;
}

function topLogprob({ tokenId, token, logprob }: TokenLogprob) {
  return { token, token_id: tokenId, logprob };
}
