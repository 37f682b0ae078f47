import { Tokenizer as BpeTokenizer } from '@huggingface/tokenizers';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { engineError } from '../errors';
import type { ChatMessage } from '../protocol/chat';
import { ChatTemplate, plainMessages } from './chatTemplate';
import { CHATML_END, chatTemplateOf, textTurnMarkers } from './chatTemplateSource';
import { pieceDecoderFactory, type PieceDecoder } from './pieceDecoder';

export interface DecodeOptions {
  /** Leave out special tokens such as `<s>`. Default false. */
  skipSpecialTokens?: boolean;
  /** The tokens go on inside a text: the space that a text may not begin with stays. Default false. */
  isInsideText?: boolean;
}

export interface ChatOptions {
  /** The text that stands for the image part with this index in the conversation. Without it an image part is an UnsupportedError. */
  imagePlaceholder?: (index: number) => string;
}

/** Text of a growing sequence of tokens. What `push` returned so far, plus `end`, is the decoded sequence. */
export interface StreamDecoder {
  /** The text this token makes certain: '' while a character is incomplete. */
  push(tokenId: number): string;
  /** True while text of earlier tokens may still come. */
  readonly isHolding: boolean;
  /** What was held back. The decoder then starts a new sequence. */
  end(): string;
}

/**
 * The tokenizer of one model: text to token ids and back, and the chat template. Behaves as Hugging Face's fast
 * tokenizer does with the same tokenizer.json.
 */
export class Tokenizer {
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
  /** Ids of the tokens marked special: left out by skipSpecialTokens. */
  readonly specialTokenIds: ReadonlySet<number>;
  /** The Jinja source of the chat template in use. */
  readonly chatTemplate: string;
  /**
   * Strings at which generation stops because the model has begun the next turn itself: the template's turn markers
   * where they are ordinary text. Empty where a token of its own ends the turn.
   */
  readonly turnMarkers: readonly string[];
  /**
   * Tokens with which the template ends a turn, other than EOS: generation stops there too. GGUF files name a single
   * EOS, which in ChatML models is often not the one that ends a turn.
   */
  readonly endOfTurnTokenIds: readonly number[];
  readonly #bpe: BpeTokenizer;
  readonly #newPieceDecoder: (isInsideText: boolean) => PieceDecoder;
  readonly #bosToken: string | null;
  readonly #eosToken: string | null;
  readonly #addsBosByConfig: boolean;
  #compiledTemplate: ChatTemplate | null = null;

  /** Throws InvalidFileError or UnsupportedError where the record is no tokenizer this code can run. */
  constructor(record: TokenizerRecord) {
    this.#newPieceDecoder = pieceDecoderFactory(record.tokenizer.decoder);
    this.#bpe = createBpe(record);
    const special = [...this.#bpe.get_added_tokens_decoder()].filter(([, token]) => token.special);
    this.specialTokenIds = new Set(special.map(([id]) => id));
    this.#bosToken = tokenContent(record.config.bos_token);
    this.#eosToken = tokenContent(record.config.eos_token);
    this.bosTokenId = this.#bosToken === null ? null : this.tokenId(this.#bosToken);
    this.eosTokenId = this.#eosToken === null ? null : this.tokenId(this.#eosToken);
    this.#addsBosByConfig =
      record.config.add_bos_token === true && !hasTemplateProcessing(record.tokenizer.post_processor);
    this.chatTemplate = chatTemplateOf(record);
    this.turnMarkers = textTurnMarkers(this.chatTemplate).filter((marker) => this.tokenId(marker) === null);
    const endOfTurn = this.chatTemplate.includes(CHATML_END) ? this.tokenId(CHATML_END) : null;
    this.endOfTurnTokenIds = endOfTurn === null ? [] : [endOfTurn];
  }

  /** The id of the token spelled exactly so, or null. */
  tokenId(token: string): number | null {
    return this.#bpe.token_to_id(token) ?? null;
  }

  /** The token as the vocabulary spells it: `▁the`, `<0x0A>`, `Ġthe`. '' where there is none. */
  pieceOf(tokenId: number): string {
    return this.#bpe.id_to_token(tokenId) ?? '';
  }

  /** Token ids of `text`. Special tokens spelled out in it are recognised; with addSpecialTokens (default) BOS goes first where the model wants one. */
  encode(text: string, options: { addSpecialTokens?: boolean } = {}): number[] {
    const addSpecialTokens = options.addSpecialTokens ?? true;
    // Half a surrogate pair is no character: it becomes U+FFFD, as in UTF-8.
    const { ids } = this.#bpe.encode(text.replace(/\p{Surrogate}/gu, '\uFFFD'), {
      add_special_tokens: addSpecialTokens,
    });
    const addsBos = addSpecialTokens && this.#addsBosByConfig && this.bosTokenId !== null && ids[0] !== this.bosTokenId;
    return addsBos ? [this.bosTokenId!, ...ids] : ids;
  }

  /** The text of `tokenIds`. Ids without a token (a vocabulary padded for the matrix) have no text. */
  decode(tokenIds: readonly number[], options: DecodeOptions = {}): string {
    const stream = this.streamDecoder(options);
    let text = '';
    for (const tokenId of tokenIds) text += stream.push(tokenId);
    return text + stream.end();
  }

  streamDecoder(options: DecodeOptions = {}): StreamDecoder {
    const { skipSpecialTokens = false, isInsideText = false } = options;
    let decoder = this.#newPieceDecoder(isInsideText);
    return {
      push: (tokenId) => {
        const piece = this.#bpe.id_to_token(tokenId);
        const isSkipped = piece === undefined || (skipSpecialTokens && this.specialTokenIds.has(tokenId));
        return isSkipped ? '' : decoder.push(piece);
      },
      get isHolding() {
        return decoder.isHolding;
      },
      end: () => {
        const rest = decoder.end();
        decoder = this.#newPieceDecoder(isInsideText);
        return rest;
      },
    };
  }

  /** The text of one token inside a sequence: a leading space stays; bytes that are no character are U+FFFD. */
  tokenText(tokenId: number): string {
    return this.decode([tokenId], { isInsideText: true });
  }

  /**
   * The prompt that the model's template makes of `messages`. `variables` go to the template as they are
   * (`enable_thinking`, `tools`, ...); `add_generation_prompt` is true unless given, undefined ones are left out.
   * Throws UnsupportedError where the template refuses the messages or a message holds an image without placeholder.
   */
  renderChat(
    messages: readonly ChatMessage[],
    variables: Record<string, unknown> = {},
    options: ChatOptions = {},
  ): string {
    this.#compiledTemplate ??= new ChatTemplate(this.chatTemplate);
    const given = Object.entries(variables).filter(([, value]) => value !== undefined);
    return this.#compiledTemplate.render({
      add_generation_prompt: true,
      bos_token: this.#bosToken ?? '',
      eos_token: this.#eosToken ?? '',
      ...Object.fromEntries(given),
      messages: plainMessages(messages, options.imagePlaceholder ?? null),
    });
  }

  /** Token ids of the rendered prompt, with exactly one BOS whether the template or the tokenizer puts it there. */
  encodeChat(
    messages: readonly ChatMessage[],
    variables: Record<string, unknown> = {},
    options: ChatOptions = {},
  ): number[] {
    return this.encodePrompt(this.renderChat(messages, variables, options));
  }

  /** Token ids of a rendered prompt: see encodeChat. */
  encodePrompt(prompt: string): number[] {
    const hasBos = this.#bosToken !== null && prompt.startsWith(this.#bosToken);
    return this.encode(prompt, { addSpecialTokens: !hasBos });
  }
}

function createBpe({ tokenizer, config }: TokenizerRecord): BpeTokenizer {
  const optional = {
    added_tokens: tokenizer.added_tokens ?? [],
    normalizer: tokenizer.normalizer ?? null,
    pre_tokenizer: tokenizer.pre_tokenizer ?? null,
    post_processor: tokenizer.post_processor ?? null,
  };
  try {
    return new BpeTokenizer({ ...tokenizer, ...optional }, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw engineError('InvalidFileError', `tokenizer.json: ${reason}`, cause);
  }
}

/** A special token in tokenizer_config.json is its text or an object that holds the text. */
function tokenContent(token: unknown): string | null {
  const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : token;
  return typeof content === 'string' && content !== '' ? content : null;
}

function hasTemplateProcessing(postProcessor: unknown): boolean {
  return JSON.stringify(postProcessor ?? null).includes('"TemplateProcessing"');
}
