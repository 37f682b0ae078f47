import { isJsonObject } from '../checkpoint/json';
import { engineError } from '../errors';

/** Turns the pieces of one sequence into text, piece by piece. */
export interface PieceDecoder {
  /** The text that is certain once `piece` has been read: never half a character. */
  push(piece: string): string;
  /** True while bytes are held back. */
  readonly isHolding: boolean;
  /** What was held back. Bytes that do not form a character become U+FFFD. */
  end(): string;
}

/**
 * Reads the `decoder` part of tokenizer.json and returns a maker of decoders, one per sequence; of a sequence that goes on
 * inside a text nothing is stripped. Two kinds are known: ByteLevel, and the SentencePiece chain Replace, ByteFallback,
 * Fuse, Strip (or Metaspace). Throws UnsupportedError for any other.
 */
export function pieceDecoderFactory(config: unknown): (isInsideText: boolean) => PieceDecoder {
  const steps = flatten(config);
  if (steps.length === 1 && steps[0]!.type === 'ByteLevel') return () => new ByteLevelDecoder();
  const chain: SentencePieceChain = { replacements: [], byteFallback: false, strip: '' };
  let isFused = false;
  for (const step of steps) {
    const isLegal = addStep(chain, step, isFused);
    if (!isLegal)
      throw engineError('UnsupportedError', `tokenizer.json: decoder ${JSON.stringify(step.type)} is not supported`);
    isFused ||= step.type === 'Fuse';
  }
  const insideText = { ...chain, strip: '' };
  return (isInsideText) => new SentencePieceDecoder(isInsideText ? insideText : chain);
}

interface SentencePieceChain {
  replacements: [from: string, to: string][];
  byteFallback: boolean;
  /** These characters, as far as they are there, are cut off the start of the text. */
  strip: string;
}

type DecoderStep = Record<string, unknown>;

function flatten(config: unknown): DecoderStep[] {
  if (!isJsonObject(config)) throw engineError('UnsupportedError', 'tokenizer.json: there is no decoder');
  if (config.type !== 'Sequence') return [config];
  const steps: unknown = config.decoders;
  if (!Array.isArray(steps) || !steps.every(isJsonObject)) {
    throw engineError('InvalidFileError', 'tokenizer.json: decoder.decoders is not a list of objects');
  }
  return steps;
}

function addStep(chain: SentencePieceChain, step: DecoderStep, isFused: boolean): boolean {
  switch (step.type) {
    case 'Fuse':
      return true;
    case 'ByteFallback':
      chain.byteFallback = true;
      return !isFused;
    case 'Replace': {
      const from = isJsonObject(step.pattern) ? step.pattern.String : undefined;
      if (typeof from !== 'string' || from === '' || typeof step.content !== 'string') return false;
      chain.replacements.push([from, step.content]);
      return !chain.byteFallback && !isFused;
    }
    case 'Strip':
      if (typeof step.content !== 'string' || typeof step.start !== 'number' || step.start > 16) return false;
      chain.strip = step.content.repeat(step.start);
      return isFused && step.stop === 0;
    case 'Metaspace':
      chain.replacements.push(['▁', ' ']);
      if (step.prepend_scheme !== 'never' && step.add_prefix_space !== false) chain.strip = ' ';
      return !isFused;
    default:
      return false;
  }
}

/**
 * GPT-2's mapping of the 256 bytes to printable characters, inverted: printable Latin-1 stands for itself, the other
 * bytes, in order, are U+0100 and up.
 */
const BYTE_OF_CHARACTER = invertByteCharacters();

function invertByteCharacters(): ReadonlyMap<string, number> {
  const byteOf = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    if (isPrintable) byteOf.set(String.fromCharCode(byte), byte);
  }
  let next = 256;
  const printable = new Set(byteOf.values());
  for (let byte = 0; byte < 256; byte++) {
    if (!printable.has(byte)) byteOf.set(String.fromCharCode(next++), byte);
  }
  return byteOf;
}

/** Bytes of all pieces run together, then read as UTF-8. A piece with a character that is no byte stands for itself. */
class ByteLevelDecoder implements PieceDecoder {
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The last bytes, at most three: where a character may be incomplete. */
  #tail: number[] = [];

  get isHolding(): boolean {
    const lead = this.#tail.findLastIndex((byte) => byte >= 0xc0);
    return lead >= 0 && this.#tail.length - lead < sequenceLength(this.#tail[lead]!);
  }

  push(piece: string): string {
    const bytes = bytesOfPiece(piece);
    this.#tail = [...this.#tail, ...bytes.slice(-3)].slice(-3);
    return this.#utf8.decode(Uint8Array.from(bytes), { stream: true });
  }

  end(): string {
    this.#tail = [];
    return this.#utf8.decode();
  }
}

function bytesOfPiece(piece: string): number[] {
  const bytes = Array.from(piece, (character) => BYTE_OF_CHARACTER.get(character) ?? -1);
  return bytes.includes(-1) ? [...new TextEncoder().encode(piece)] : bytes;
}

/** Bytes of the UTF-8 character that begins with `lead`. */
function sequenceLength(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

class SentencePieceDecoder implements PieceDecoder {
  readonly #chain: SentencePieceChain;
  #byteRun = new ByteRun();
  #strip: string;

  constructor(chain: SentencePieceChain) {
    this.#chain = chain;
    this.#strip = chain.strip;
  }

  get isHolding(): boolean {
    return this.#byteRun.isHolding;
  }

  push(piece: string): string {
    let text = piece;
    for (const [from, to] of this.#chain.replacements) text = text.replaceAll(from, to);
    const byte = this.#chain.byteFallback ? byteOfPiece(text) : null;
    return this.#stripStart(byte === null ? this.#byteRun.end() + text : this.#byteRun.push(byte));
  }

  end(): string {
    return this.#stripStart(this.#byteRun.end());
  }

  #stripStart(text: string): string {
    let cut = 0;
    while (cut < text.length && this.#strip !== '') {
      // A prefix may be stripped in part; the first other character ends it.
      if (text[cut] === this.#strip[0]) {
        cut++;
        this.#strip = this.#strip.slice(1);
      } else {
        this.#strip = '';
      }
    }
    return text.slice(cut);
  }
}

const BYTE_PIECE = /^<0x([0-9A-Fa-f]{2})>$/;

function byteOfPiece(piece: string): number | null {
  const hex = BYTE_PIECE.exec(piece)?.[1];
  return hex === undefined ? null : parseInt(hex, 16);
}

/** A run of byte pieces this long is not held back to its end. */
const BLOCK_BYTES = 48;
/** A block may end inside a character, which then has at most three bytes to come. */
const MAX_BYTES_TO_COME = 3;

/**
 * A run of byte pieces. The reference (ByteFallback in Hugging Face's tokenizers) takes the run as a whole: it is the
 * UTF-8 text of its bytes, or, where they are not valid UTF-8, one U+FFFD per byte. So text is certain only when the
 * run has ended; but to keep a script that is spelled in bytes flowing, a long run is cut into blocks of valid text.
 */
class ByteRun {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #bytes: number[] = [];
  #isBroken = false;

  get isHolding(): boolean {
    return this.#bytes.length > 0;
  }

  push(byte: number): string {
    if (this.#isBroken) return '\uFFFD';
    this.#bytes.push(byte);
    if (this.#bytes.length < BLOCK_BYTES) return '';
    const text = this.#decode();
    if (text === null && this.#bytes.length < BLOCK_BYTES + MAX_BYTES_TO_COME) return '';
    this.#isBroken = text === null;
    return this.#take(text);
  }

  end(): string {
    this.#isBroken = false;
    return this.#bytes.length === 0 ? '' : this.#take(this.#decode());
  }

  #take(text: string | null): string {
    const taken = text ?? '\uFFFD'.repeat(this.#bytes.length);
    this.#bytes = [];
    return taken;
  }

  #decode(): string | null {
    try {
      return this.#utf8.decode(Uint8Array.from(this.#bytes));
    } catch {
      return null;
    }
  }
}
