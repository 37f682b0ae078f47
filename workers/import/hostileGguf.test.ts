import 'fake-indexeddb/auto';
import { describe, test } from 'vitest';
import type { GgufLies, TestValue } from '../testing/ggufFile';
import { ggufFile } from '../testing/ggufFile';
import { expectRefused } from '../testing/importing';
import { ggufTensors, testFile, tinyGgufMetadata } from '../testing/tinyCheckpoint';

const METADATA = tinyGgufMetadata();
const TENSORS = ggufTensors();
const FILE = ggufFile(METADATA, TENSORS);

const fileOf = (bytes: Uint8Array<ArrayBuffer>) => [testFile('tiny.gguf', bytes)];
const withLies = (lies: GgufLies) => fileOf(ggufFile(METADATA, TENSORS, lies));
const withMetadata = (change: Record<string, TestValue>) => fileOf(ggufFile({ ...METADATA, ...change }, TENSORS));

/** The file with `bytes` written over it behind the first occurrence of `text`. */
function overwritten(text: string, skip: number, bytes: number[]): File[] {
  const file = FILE.slice();
  const at = Buffer.from(file).indexOf(text) + text.length + skip;
  file.set(bytes, at);
  return fileOf(file);
}

const PLACE = /tiny\.gguf/;

describe('a GGUF file is refused', () => {
  const headerEnd = FILE.length - TENSORS.reduce((sum, { values }) => sum + values.byteLength, 0);
  const inHeader = Array.from({ length: 40 }, (_, i) => Math.floor((headerEnd * i) / 40));
  const inData = Array.from({ length: 20 }, (_, i) => headerEnd + Math.floor(((FILE.length - headerEnd) * i) / 20));
  test.each([...inHeader, ...inData, FILE.length - 1])('cut at byte %i', (length) =>
    expectRefused(fileOf(FILE.slice(0, length)), PLACE),
  );

  // Version 3 with its lowest bit flipped is version 2, which has the same header.
  const fields = { magic: 0, version: 32, 'tensor count': 64, 'key count': 128 };
  const bits = Object.entries(fields).flatMap(([field, start]) =>
    Array.from({ length: start < 64 ? 32 : 64 }, (_, bit) => [field, bit, start + bit] as const),
  );
  test.each(bits.filter(([, , position]) => position !== 32))(
    'with its %s flipped in bit %i',
    (_field, _bit, position) => {
      const file = FILE.slice();
      file[position >> 3]! ^= 1 << (position & 7);
      return expectRefused(fileOf(file), PLACE);
    },
  );

  test.each<[string, GgufLies, RegExp]>([
    ['version 1', { version: 1 }, /version 1 is not supported/],
    ['version 4', { version: 4 }, /version 4 is not supported/],
    ['the other byte order', { version: 0x03000000 }, /big-endian/],
    ['no tensors', { tensorCount: 0n }, /no tensors/],
    ['a tensor too few', { tensorCount: 19n }, PLACE],
    ['a tensor too many', { tensorCount: 21n }, PLACE],
    ['tensors without end', { tensorCount: 2n ** 64n - 1n }, /tensors/],
    ['more tensors than bytes', { tensorCount: 90_000n }, /file ends at byte/],
    ['keys without end', { keyCount: 2n ** 64n - 1n }, PLACE],
    ['more keys than bytes', { keyCount: 2n ** 20n }, PLACE],
    ['a key too few', { keyCount: 12n }, PLACE],
    ['a key too many', { keyCount: 14n }, PLACE],
    ['no dimensions', { dimensionCount: 0 }, /0 dimensions/],
    ['five dimensions', { dimensionCount: 5 }, /5 dimensions/],
    ['dimensions without end', { dimensionCount: 0xffffffff }, /dimensions/],
    ['a size of zero', { dimensions: [64n, 0n] }, /is empty/],
    ['sizes beyond numbers', { dimensions: [2n ** 63n, 2n ** 63n] }, /too large/],
    ['a product that wraps', { dimensions: [2n ** 32n, 2n ** 32n] }, /too large/],
    ['a size larger than the file', { dimensions: [2n ** 40n] }, PLACE],
    ['one dimension for all', { dimensions: [64n] }, PLACE],
    ['four dimensions for all', { dimensions: [64n, 1n, 1n, 1n] }, PLACE],
    ['Q4_0 for all', { type: 2 }, PLACE],
    ['Q4_K in rows of 64', { type: 12 }, /rows of 64 do not fit Q4_K/],
    ['Q2_K', { type: 10 }, /Q2_K/],
    ['IQ2_XS', { type: 17 }, /IQ2_XS/],
    ['integers', { type: 26 }, /I32/],
    ['a type of the future', { type: 60 }, /not supported/],
    ['no type at all', { type: 0xffffffff }, /no type of weights/],
    ['F16 for all', { type: 1 }, PLACE],
    ['overlapping tensors', { secondOffset: 0n }, /overlaps/],
    ['tensors that touch', { secondOffset: 64n * 275n * 4n - 32n }, /overlaps/],
    ['an offset between', { secondOffset: 64n * 275n * 4n + 4n }, /not a multiple of 32/],
    ['a hole', { secondOffset: 64n * 275n * 4n + 32n }, PLACE],
    ['an offset past the end', { secondOffset: 2n ** 40n }, PLACE],
    ['an offset beyond numbers', { secondOffset: 2n ** 63n }, /offset/],
    ['a name twice', { secondName: 'token_embd.weight' }, /occurs twice/],
    ['a name for two', { secondName: 'blk.1.attn_norm.weight' }, PLACE],
    ['a bias', { secondName: 'blk.0.attn_q.bias' }, /bias/],
    ['a part of another model', { secondName: 'blk.0.attn_q_norm.weight' }, /does not know/],
    ['rotary factors of Llama 3', { secondName: 'rope_freqs.weight' }, /does not know/],
    ['a layer too many', { secondName: 'blk.2.attn_norm.weight' }, /2 layers/],
    ['a long name', { secondName: 'x'.repeat(257) }, /257 bytes/],
  ])('with %s', (_name, lies, place) => expectRefused(withLies(lies), place));

  test.each<[string, File[], RegExp]>([
    ['a nested array', overwritten('general.architecture', 0, [9, 0, 0, 0, 9, 0, 0, 0]), /nested array/],
    ['an unknown type', overwritten('general.architecture', 0, [13, 0, 0, 0]), /not known/],
    ['an array of an unknown type', overwritten('general.architecture', 0, [9, 0, 0, 0, 77, 0, 0, 0]), /not known/],
    [
      'an array without end',
      overwritten('general.architecture', 0, [9, 0, 0, 0, 0, 0, 0, 0, ...Array<number>(8).fill(255)]),
      /elements/,
    ],
    [
      'an array longer than the file',
      overwritten('general.architecture', 0, [9, 0, 0, 0, 4, 0, 0, 0, 0, 0, 63, 0, 0, 0, 0, 0]),
      /file ends/,
    ],
    [
      'texts longer than the file',
      overwritten('general.architecture', 0, [9, 0, 0, 0, 8, 0, 0, 0, 0, 0, 63, 0, 0, 0, 0, 0]),
      /file ends/,
    ],
    ['a text without end', overwritten('general.architecture', 4, Array<number>(8).fill(255)), /bytes long/],
    [
      'a text longer than the file',
      overwritten('general.architecture', 4, [0, 0, 0, 0, 0, 0, 0, 0].with(2, 128)),
      /file ends/,
    ],
    ['a truth value of 2', overwritten('minicpm.block_count', 0, [7, 0, 0, 0, 2]), /truth value/],
    ['a key that is no text', overwritten('minicpm.', 0, [0xff, 0xfe]), /UTF-8/],
    ['a name that is no text', overwritten('blk.0.', 0, [0xff, 0xfe]), /UTF-8/],
  ])('with %s', (_name, files, place) => expectRefused(files, place));

  test('with a key twice', () => {
    const { 'minicpm.block_count': layers, ...others } = METADATA;
    const bytes = Buffer.from(
      ggufFile({ ...others, 'minicpm.block_count': layers!, 'minicpm.block_cOunt': layers! }, TENSORS),
    );
    bytes.write('minicpm.block_count', bytes.indexOf('minicpm.block_cOunt'));
    return expectRefused(fileOf(new Uint8Array(bytes)), /occurs twice/);
  });

  test.each(
    Object.keys(METADATA)
      .slice(0, 8)
      .filter((key) => !key.endsWith('head_count_kv')),
  )('without %s', (key) => {
    const { [key]: _gone, ...kept } = METADATA;
    return expectRefused(fileOf(ggufFile(kept, TENSORS)), PLACE);
  });

  test.each<[string, TestValue, RegExp]>([
    ['general.architecture', { u32: 1 }, /must be a string/],
    ['general.architecture', { string: 'deepseek2' }, /deepseek2 is not supported/],
    ['general.architecture', { string: 'minicpm3' }, /minicpm3\./],
    ['general.architecture', { string: 'qwen2' }, /qwen2 is not supported/],
    ['general.architecture', { string: 'clip' }, /mmproj/],
    ['general.architecture', { string: 'llama' }, /llama\./],
    ['general.alignment', { u32: 0 }, /alignment/],
    ['general.alignment', { u32: 3 }, /alignment/],
    ['general.alignment', { u32: 1 << 30 }, /alignment/],
    ['general.alignment', { string: '32' }, /alignment/],
    ['minicpm.block_count', { u32: 0 }, /block_count/],
    ['minicpm.block_count', { u32: 3 }, /layers\.2/],
    ['minicpm.block_count', { u32: 0xffffffff }, /block_count/],
    ['minicpm.block_count', { f32: 2.5 }, /block_count/],
    ['minicpm.block_count', { strings: ['2'] }, /block_count/],
    ['minicpm.embedding_length', { u32: 128 }, /shape/],
    ['minicpm.embedding_length', { u32: 66 }, /cannot be divided/],
    ['minicpm.embedding_length', { string: '64' }, /embedding_length/],
    ['minicpm.feed_forward_length', { u32: 97 }, /shape/],
    ['minicpm.feed_forward_length', { i32s: [96, 96] }, /feed_forward_length/],
    ['minicpm.attention.head_count', { u32: 0 }, /head_count/],
    ['minicpm.attention.head_count', { u32: 3 }, /cannot be divided/],
    ['minicpm.attention.head_count', { u32: 64 }, /odd/],
    ['minicpm.attention.head_count_kv', { u32: 3 }, /evenly/],
    ['minicpm.attention.head_count_kv', { u32: 8 }, /head_count_kv/],
    ['minicpm.attention.key_length', { u32: 15 }, /odd/],
    ['minicpm.attention.key_length', { u32: 32 }, /shape/],
    ['minicpm.attention.value_length', { u32: 8 }, /value_length/],
    ['minicpm.rope.dimension_count', { u32: 8 }, /dimension_count/],
    ['minicpm.rope.freq_base', { f32: 0 }, /freq_base/],
    ['minicpm.rope.freq_base', { f32: NaN }, /freq_base/],
    ['minicpm.rope.freq_base', { f32: Infinity }, /freq_base/],
    ['minicpm.rope.scaling.type', { string: 'yarn' }, /yarn/],
    ['minicpm.rope.scaling.type', { string: 'linear' }, /linear/],
    ['minicpm.rope.scaling.type', { string: 'longrope' }, /factors/],
    ['minicpm.attention.layer_norm_rms_epsilon', { f32: -1 }, /epsilon/],
    ['minicpm.attention.layer_norm_rms_epsilon', { bool: true }, /epsilon/],
    ['minicpm.embedding_scale', { f32: NaN }, /embedding_scale/],
    ['minicpm.residual_scale', { f32: -0.5 }, /residual_scale/],
    ['minicpm.logit_scale', { f32: 0 }, /logit_scale/],
    ['minicpm.expert_count', { u32: 8 }, /mixture-of-experts/],
    ['tokenizer.ggml.eos_token_id', { u32: 275 }, /outside the vocabulary/],
    ['tokenizer.ggml.eos_token_id', { string: '2' }, /eos_token_id/],
    ['tokenizer.ggml.model', { string: 'llama' }, /token/],
    ['tokenizer.ggml.model', { string: 'bert' }, /bert/],
    ['general.sampling.temp', { f32: -1 }, /sampling\.temp/],
  ])('where %s is %j', (key, value, place) => expectRefused(withMetadata({ [key]: value }), place));

  test('that is one part of several', () =>
    expectRefused([testFile('tiny-00001-of-00003.gguf', FILE)], /tiny-00001-of-00003\.gguf/));

  test('together with another', () =>
    expectRefused([testFile('a.gguf', FILE), testFile('mmproj-a.gguf', FILE)], /mmproj-a\.gguf/));
});
