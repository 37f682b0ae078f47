import { engineError } from '../errors';

/** No vocabulary has more pieces; a file that claims so is broken. */
const MAX_PIECES = 1_000_000;
/** Bytes of one piece; the longest published ones are runs of some hundred spaces. */
const MAX_PIECE_BYTES = 3072;
const MAX_TOTAL_BYTES = 16 << 20;

const BPE = 2;

/** What tokenizer.model says, pieces by their ids. */
export interface SentencePieceModel {
  pieces: string[];
  scores: number[];
  /** As sentencepiece numbers them, and llama.cpp after it: TokenType of ggufVocabulary.ts. */
  types: number[];
  unknownId: number;
  bosId: number;
  eosId: number;
  /** Characters without a piece become the pieces of their bytes. */
  hasByteFallback: boolean;
  /** A space goes in front of the text. */
  addsSpace: boolean;
  /** Runs of spaces become one, and those at the ends none. */
  trimsSpaces: boolean;
}

/**
 * Parses tokenizer.model: sentencepiece_model.proto, of which the fields are read that encoding depends on. Throws
 * InvalidFileError naming the byte of the damage, and UnsupportedError for models that are not BPE or rewrite characters.
 */
export function parseSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  const model: SentencePieceModel = {
    pieces: [],
    scores: [],
    types: [],
    unknownId: 0,
    bosId: 1,
    eosId: 2,
    hasByteFallback: false,
    addsSpace: true,
    trimsSpaces: true,
  };
  let kind = 1;
  let totalBytes = 0;
  forEachField(bytes, {
    1: ({ message }) => {
      const piece = parsePiece(message());
      totalBytes += piece.bytes;
      if (model.pieces.length === MAX_PIECES || totalBytes > MAX_TOTAL_BYTES) throw invalid('it has too many pieces');
      model.pieces.push(piece.text);
      model.scores.push(piece.score);
      model.types.push(piece.type);
    },
    2: ({ message }) =>
      forEachField(message(), {
        3: ({ int }) => (kind = int()),
        24: ({ int }) => refuseIf(int() !== 0, 'spaces behind words'),
        35: ({ int }) => (model.hasByteFallback = int() !== 0),
        40: ({ int }) => (model.unknownId = int()),
        41: ({ int }) => (model.bosId = int()),
        42: ({ int }) => (model.eosId = int()),
      }),
    3: ({ message }) =>
      forEachField(message(), {
        2: ({ message }) => refuseIf(message().length > 0, 'rewriting of characters'),
        3: ({ int }) => (model.addsSpace = int() !== 0),
        4: ({ int }) => (model.trimsSpaces = int() !== 0),
        5: ({ int }) => refuseIf(int() === 0, 'spaces as they are'),
      }),
  });
  if (kind !== BPE) throw unsupported('models of another kind than BPE');
  if (model.pieces.length === 0) throw invalid('it has no pieces');
  return model;
}

function parsePiece(bytes: Uint8Array): { text: string; bytes: number; score: number; type: number } {
  const piece = { text: '', bytes: 0, score: 0, type: 1 };
  forEachField(bytes, {
    1: ({ message }) => {
      const spelling = message();
      if (spelling.length > MAX_PIECE_BYTES) throw invalid(`it has a piece of ${spelling.length} bytes`);
      piece.text = decode(spelling);
      piece.bytes = spelling.length;
    },
    2: ({ float }) => (piece.score = float()),
    3: ({ int }) => (piece.type = int()),
  });
  if (piece.text === '' || Number.isNaN(piece.score)) throw invalid('it has a piece without a text or a score');
  return piece;
}

/** The value of a field, read as what the schema says it is. */
interface FieldValue {
  int(): number;
  float(): number;
  message(): Uint8Array;
}

type FieldReaders = Readonly<Record<number, (value: FieldValue) => void>>;

const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];

/** Calls the reader of each field of a message, in the order of the file; others are skipped (protobuf's wire format). */
function forEachField(bytes: Uint8Array, readers: FieldReaders): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw invalid('it is cut off');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw invalid('it has a number without end');
  };
  const skip = (length: number): number => {
    const start = at;
    if (length < 0 || start + length > bytes.length) throw invalid('it is cut off');
    at += length;
    return start;
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wireType] = [Math.floor(tag / 8), tag & 7];
    const wrong = (): never => {
      throw invalid(`field ${field} of it has the wire type ${wireType}`);
    };
    const value: FieldValue = { int: wrong, float: wrong, message: wrong };
    if (wireType === VARINT) {
      const int = varint();
      value.int = () => int;
    } else if (wireType === FIXED32) {
      const start = skip(4);
      value.float = () => view.getFloat32(start, true);
    } else if (wireType === LENGTH) {
      const length = varint();
      const start = skip(length);
      value.message = () => bytes.subarray(start, start + length);
    } else if (wireType === FIXED64) {
      skip(8);
    } else {
      wrong();
    }
    readers[field]?.(value);
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw engineError('InvalidFileError', 'tokenizer.model: a piece is not UTF-8 text.', error);
  }
}

function refuseIf(isUsed: boolean, what: string): void {
  if (isUsed) throw unsupported(what);
}

function invalid(reason: string): Error {
  return engineError('InvalidFileError', `tokenizer.model: ${reason}.`);
}

function unsupported(what: string): Error {
  return engineError('UnsupportedError', `tokenizer.model: ${what} are not supported. A tokenizer.json is needed.`);
}
