import { concatenated } from './safetensorsFile';

/** A piece of a test model; types as sentencepiece numbers them. */
export interface TestPiece {
  text: string;
  score: number;
  type: number;
}

const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

/** `<unk>`, `<s>`, `</s>`, the user-defined `...`, the bytes, and a few ordinary pieces: 270 in all. */
export function testPieces(): TestPiece[] {
  const ordinary = ['▁', 'a', 'b', '.', '▁a', '▁ab', 'ab', '中', '中b', '😀b'];
  return [
    { text: '<unk>', score: 0, type: 2 },
    { text: '<s>', score: 0, type: 3 },
    { text: '</s>', score: 0, type: 3 },
    { text: '...', score: 0, type: 4 },
    ...BYTES.map((text) => ({ text, score: 0, type: 6 })),
    ...ordinary.map((text, rank) => ({ text, score: -rank, type: 1 })),
  ];
}

/** A tokenizer.model of these pieces: BPE with byte fallback, and nothing done to spaces. */
export function sentencePieceFile(pieces: TestPiece[] = testPieces()): Uint8Array<ArrayBuffer> {
  const trainer = concatenated([intField(3, 2), intField(35, 1), intField(40, 0), intField(41, 1), intField(42, 2)]);
  const normalizer = concatenated([
    bytesField(1, new TextEncoder().encode('identity')),
    bytesField(2, new Uint8Array(0)),
    intField(3, 0),
    intField(4, 0),
  ]);
  return concatenated([...pieces.map(pieceField), bytesField(2, trainer), bytesField(3, normalizer)]);
}

export function pieceField({ text, score, type }: TestPiece): Uint8Array {
  const float = new Uint8Array(new Float32Array([score]).buffer);
  const spelling = bytesField(1, new TextEncoder().encode(text));
  return bytesField(1, concatenated([spelling, Uint8Array.of((2 << 3) | 5), float, intField(3, type)]));
}

/** A field of bytes or of a message, in protobuf's wire format. */
export function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concatenated([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** A field of a number. */
export function intField(field: number, value: number): Uint8Array {
  return concatenated([varint(field * 8), varint(value)]);
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) | 128);
    if (rest < 128) return Uint8Array.from(bytes);
  }
}
