import type { ChatInput } from './chat';
import type { PictureCounts } from './pictures';

/** OpenAI's field names, because API.md promises that shape. Unset fields take the model's defaults. */
export interface SamplingOptions {
  max_tokens?: number;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  presence_penalty?: number;
  frequency_penalty?: number;
  repetition_penalty?: number;
  seed?: number;
  stop?: string | string[];
  logprobs?: boolean;
  top_logprobs?: number;
  /** Greedy answers guess tokens from the text before and check several at once; the tokens are the same. Default true. */
  prompt_lookup?: boolean;
  /**
   * What the answer may well be, such as a text of which it changes a few words: greedy answers take their guesses from it as
   * from the text before, where prompt_lookup is on. Ids stand for the tokens themselves.
   */
  prediction?: { type: 'content'; content: string | number[] };
  /** For evaluation: how many tokens may be computed ahead of the last one known. Default: as many as keep the GPU busy. */
  tokens_in_flight?: number;
  /** For evaluation: end-of-sequence tokens do not stop generation. */
  ignore_eos?: boolean;
}

export interface TokenLogprob {
  tokenId: number;
  token: string;
  logprob: number;
}

/** One generated token. `text` may be empty while a multi-byte character is incomplete. */
export interface GeneratedToken {
  tokenId: number;
  text: string;
  logprob?: number;
  topLogprobs?: TokenLogprob[];
}

/** What an answer is written behind. */
export type GenerateInput = ({ tokenIds: number[] } | { prompt: string } | ChatInput) & {
  /**
   * The first tokens of the answer, where it was broken off behind them: what follows is what would have followed. They
   * count as part of the answer, and their text is not given again.
   */
  writtenTokenIds?: number[];
};

export interface GenerateResult {
  finishReason: 'stop' | 'length' | 'aborted';
  promptTokens: number;
  completionTokens: number;
  /** Prompt tokens whose keys and values were already in the cache. */
  cachedTokens: number;
  /** Messages at the beginning of the conversation that were left out because the context had no room for them. */
  droppedMessages: number;
  /** True where the answer ended, with 'length', because the context was full. */
  contextFull: boolean;
  /** From the call to the first token of the answer, waiting for other calls excluded; null where none came. */
  firstTokenSeconds: number | null;
  prefillSeconds: number;
  decodeSeconds: number;
  /** Where the prompt shows pictures. */
  pictures?: PictureCounts;
}

export interface ForwardResult {
  /** [positions, vocabSize], row-major. */
  logits: Float32Array<ArrayBuffer>;
  positions: number;
  vocabSize: number;
  tokenIds: number[];
}
