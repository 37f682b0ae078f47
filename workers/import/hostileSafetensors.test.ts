import 'fake-indexeddb/auto';
import { describe, test } from 'vitest';
import { expectRefused } from '../testing/importing';
import { safetensorsFile, safetensorsTable } from '../testing/safetensorsFile';
import { huggingFaceTensors, testFile, tinyFolder } from '../testing/tinyCheckpoint';

const TENSORS = huggingFaceTensors();
const HEADER = JSON.stringify(safetensorsTable(TENSORS));
const FILE = safetensorsFile(TENSORS);
const HEADER_END = 8 + HEADER.length;

const folderWith = (weights: Uint8Array<ArrayBuffer>) => tinyFolder().with(-1, testFile('model.safetensors', weights));

const withHeader = (header: string | Uint8Array) => folderWith(safetensorsFile(TENSORS, header));

function withLength(length: bigint): File[] {
  const file = FILE.slice();
  new DataView(file.buffer).setBigUint64(0, BigInt.asUintN(64, length), true);
  return folderWith(file);
}

/** The header with one change to the table. */
function withTable(change: (table: Record<string, unknown>) => void): File[] {
  const table: Record<string, unknown> = safetensorsTable(TENSORS);
  change(table);
  return withHeader(JSON.stringify(table));
}

const PLACE = /model\.safetensors/;

describe('a safetensors file is refused', () => {
  const cuts = [0, 1, 7, 8, 9, 100, HEADER_END - 1, HEADER_END, HEADER_END + 1, FILE.length - 1];
  const everywhere = Array.from({ length: 20 }, (_, i) => Math.floor((FILE.length * (i + 0.5)) / 20));
  test.each([...cuts, ...everywhere])('cut at byte %i', (length) =>
    expectRefused(folderWith(FILE.slice(0, length)), PLACE),
  );

  const correct = BigInt(HEADER.length);
  test.each([
    ...[0n, 1n, 2n, correct - 1n, correct + 1n, BigInt(FILE.length), (1n << 24n) + 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n],
    2n ** 64n - 1n,
  ])('with a header length of %s', (length) => expectRefused(withLength(length), PLACE));

  test.each(Array.from({ length: 64 }, (_, bit) => bit))('with bit %i of the header length flipped', (bit) =>
    expectRefused(withLength(correct ^ (1n << BigInt(bit))), PLACE),
  );

  test.each([
    ['an empty object', '{}'],
    ['only metadata', '{"__metadata__":{"format":"pt"}}'],
    ['metadata that is a list', '{"__metadata__":[],' + HEADER.slice(1)],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '17'],
    ['a text', '"text"'],
    ['no JSON', '{"a":}'],
    ['a missing brace', HEADER.slice(0, -1)],
    ['a second value behind it', `${HEADER}{}`],
    ['a trailing comma', `${HEADER.slice(0, -1)},}`],
    ['a comment', `/**/${HEADER}`],
    ['deep nesting', '['.repeat(200_000)],
    ['a nested object', '{"a":'.repeat(50_000)],
    ['nothing but spaces', ' '.repeat(HEADER.length)],
    ['zero bytes', '\0'.repeat(HEADER.length)],
    ['broken UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
    ['UTF-16', new Uint8Array(new Uint16Array([...HEADER].map((c) => c.charCodeAt(0))).buffer)],
    ['a name twice', `{"model.norm.weight":{"dtype":"F32","shape":[64],"data_offsets":[0,256]},${HEADER.slice(1)}`],
    ['the same entry twice', `${HEADER.slice(0, -1)},${HEADER.slice(1, HEADER.indexOf('}') + 1)}}`],
  ])('whose header is or has %s', (_name, header) => expectRefused(withHeader(header), PLACE));

  const names = ['model.embed_tokens.weight', 'model.layers.1.input_layernorm.weight', 'model.norm.weight'];
  const badEntries: [string, Record<string, unknown> | null][] = [
    ['no dtype', { dtype: undefined }],
    ['a number as dtype', { dtype: 32 }],
    ['an empty dtype', { dtype: '' }],
    ['an unknown dtype', { dtype: 'F33' }],
    ['a dtype from the prototype', { dtype: 'constructor' }],
    ['a narrower dtype', { dtype: 'F16' }],
    ['a wider dtype', { dtype: 'F64' }],
    ['integers', { dtype: 'I32' }],
    ['no shape', { shape: undefined }],
    ['null as shape', { shape: null }],
    ['a text as shape', { shape: '64' }],
    ['a size below zero', { shape: [-64] }],
    ['two sizes below zero', { shape: [-275, -64] }],
    ['a size of zero', { shape: [0] }],
    ['zero among its sizes', { shape: [0, 64] }],
    ['half a row', { shape: [64.5] }],
    ['a text as size', { shape: ['64'] }],
    ['a size beyond numbers', { shape: [1e300] }],
    ['a product beyond numbers', { shape: [2 ** 40, 2 ** 40] }],
    ['a product that wraps to its size', { shape: [2 ** 32, 2 ** 32, 64] }],
    ['a list as size', { shape: [[64]] }],
    ['nine dimensions', { shape: [1, 1, 1, 1, 1, 1, 1, 1, 64] }],
    ['no offsets', { data_offsets: undefined }],
    ['one offset', { data_offsets: [0] }],
    ['three offsets', { data_offsets: [0, 256, 512] }],
    ['offsets below zero', { data_offsets: [-256, 0] }],
    ['fractions as offsets', { data_offsets: [0.5, 256.5] }],
    ['texts as offsets', { data_offsets: ['0', '256'] }],
    ['offsets that run backwards', { data_offsets: [256, 0] }],
    ['equal offsets', { data_offsets: [0, 0] }],
    ['offsets past the end', { data_offsets: [1e9, 1e9 + 256] }],
    ['offsets beyond numbers', { data_offsets: [2 ** 60, 2 ** 60 + 256] }],
    ['null as entry', null],
  ];
  describe.each(badEntries)('with %s', (_name, change) => {
    test.each(names)('for %s', (name) =>
      expectRefused(
        withTable((table) => {
          table[name] = change && { ...(table[name] as object), ...change };
        }),
        PLACE,
      ),
    );
  });

  test.each([
    ['a text', 'text'],
    ['a number', 1],
    ['a list', []],
    ['true', true],
  ])('with %s as entry', (_name, entry) =>
    expectRefused(
      withTable((table) => Object.assign(table, { 'model.norm.weight': entry })),
      /model\.norm\.weight/,
    ),
  );

  test.each(TENSORS.map(({ name }) => name))('without %s', (name) => {
    const kept = TENSORS.filter((tensor) => tensor.name !== name);
    return expectRefused(folderWith(safetensorsFile(kept)), /is missing/);
  });

  test.each(TENSORS.slice(0, 10).map(({ name }) => name))('with one element less in %s', (name) => {
    const resized = TENSORS.map((tensor) =>
      tensor.name === name ? { ...tensor, shape: [tensor.values.length - 1], values: tensor.values.slice(1) } : tensor,
    );
    return expectRefused(folderWith(safetensorsFile(resized)), new RegExp(name.replaceAll('.', '\\.')));
  });

  test.each([
    ['a bias', 'model.layers.0.self_attn.q_proj.bias', [64]],
    ['packed codes', 'model.layers.0.self_attn.q_proj.qweight', [8, 64]],
    ['a norm of queries', 'model.layers.0.self_attn.q_norm.weight', [16]],
    ['a layer too many', 'model.layers.2.input_layernorm.weight', [64]],
    ['a layer without end', 'model.layers.99999999999.input_layernorm.weight', [64]],
    ['experts', 'model.layers.0.mlp.experts.0.w1.weight', [96, 64]],
    ['a name from the prototype', 'constructor', [64]],
    ['an empty name', '', [64]],
  ])('with %s', (_name, name, shape) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b));
    return expectRefused(folderWith(safetensorsFile([...TENSORS, { name, shape, values }])), PLACE);
  });

  test('with two tensors in one place', () =>
    expectRefused(
      withTable((table) => {
        table['model.layers.0.post_attention_layernorm.weight'] = table['model.layers.0.input_layernorm.weight'];
      }),
      /overlaps/,
    ));

  test('with bytes that belong to no tensor', () =>
    expectRefused(folderWith(safetensorsFile([...TENSORS, { ...TENSORS[0]!, name: 'x' }], HEADER)), /belong to none/));
});
