import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { expectRefused, hashes, importModel } from '../testing/importing';
import {
  call,
  contiguous,
  dictPickle,
  global,
  int,
  MARK,
  op,
  PROTO,
  STOP,
  tensor,
  text,
  tuple,
  u32,
} from '../testing/pickle';
import { Random } from '../testing/random';
import { concatenated } from '../testing/safetensorsFile';
import { huggingFaceTensors, jsonFile, testFile, tinyFolder } from '../testing/tinyCheckpoint';
import { torchEntries } from '../testing/torchFile';
import type { ZipFileEntry, ZipLies } from '../testing/zipFile';
import { packed, zipFile } from '../testing/zipFile';

const TENSORS = huggingFaceTensors();
const NAME = 'pytorch_model.bin';
const PLACE = /pytorch_model\.bin/;
const FILE = zipFile(torchEntries(TENSORS));
/** The norm of the model: its tensor is the one that tests damage. */
const NORM = TENSORS.findIndex(({ name }) => name === 'model.norm.weight');

const folderWith = (bytes: Uint8Array<ArrayBuffer>) => [...tinyFolder().slice(0, -1), testFile(NAME, bytes)];
const withPickle = (pickle: Uint8Array) => folderWith(zipFile(torchEntries(TENSORS, pickle)));
const withZip = (lies: ZipLies) => folderWith(zipFile(torchEntries(TENSORS), lies));

function withEntry(index: number, lies: ZipFileEntry['lies'] & object, more: Partial<ZipFileEntry> = {}): File[] {
  const entries = torchEntries(TENSORS).map((entry, i) => (i === index ? { ...entry, ...more, lies } : entry));
  return folderWith(zipFile(entries));
}

function pickled(index: number): Uint8Array {
  const { shape, values } = TENSORS[index]!;
  return tensor({ type: 'FloatStorage', key: String(index), elements: values.length }, shape);
}

/** The right pickle but for the value of the norm. */
function withNorm(value: Uint8Array): File[] {
  const entries = TENSORS.map(({ name }, i): [string, Uint8Array] => [name, i === NORM ? value : pickled(i)]);
  return withPickle(dictPickle(entries));
}

const storage = (changes: Partial<{ type: string; key: string; elements: number }>) => ({
  type: 'FloatStorage',
  key: String(NORM),
  elements: 64,
  ...changes,
});

const program = (...parts: Uint8Array[]) => withPickle(concatenated([PROTO, ...parts, STOP]));
const repeated = (part: Uint8Array, count: number) => concatenated(Array.from({ length: count }, () => part));

const DATA = torchEntries(TENSORS).findIndex(({ name }) => name === `archive/data/${NORM}`);

describe('a file of PyTorch is refused', () => {
  const everywhere = Array.from({ length: 30 }, (_, i) => Math.floor((FILE.length * i) / 30));
  test.each([...everywhere, 1, 21, 22, 97, 98, FILE.length - 1, FILE.length - 22, FILE.length - 23])(
    'cut at byte %i',
    (length) => expectRefused(folderWith(FILE.slice(0, length)), PLACE),
  );

  test.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['builtins', 'getattr'],
    ['builtins', '__import__'],
    ['__builtin__', 'eval'],
    ['subprocess', 'Popen'],
    ['subprocess', 'check_output'],
    ['runpy', '_run_code'],
    ['webbrowser', 'open'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['torch._utils', '_rebuild_sparse_tensor'],
    ['torch._utils', '_rebuild_qtensor'],
    ['torch._utils', '__dict__'],
    ['torch.storage', '_load_from_bytes'],
    ['torch.nn.modules.linear', 'Linear'],
    ['torch', 'constructor'],
    ['numpy.core.multiarray', '_reconstruct'],
    ['collections', 'OrderedDict.update'],
    ['collections', 'defaultdict'],
    ['constructor', 'prototype'],
    ['', ''],
    ['FloatStorage', 'torch'],
    ['torch.FloatStorage', ''],
    ['torch._utils._rebuild_tensor_v2', ''],
  ])('that refers to %s.%s', async (module, name) => {
    const command = call(global(module, name), text('echo owned'));
    const said = /byte \d+ refers to .*nothing in it is run/;
    await expectRefused(program(command), said, ['UnsupportedError']);
    await expectRefused(withNorm(command), said, ['UnsupportedError']);
  });

  test.each<[string, Uint8Array]>([
    ['INST', op('(', 'i', 'o', 's', 10, 's', 'y', 's', 10)],
    ['OBJ', op('(', 'o')],
    ['PERSID', op('P', '0', 10)],
    ['NEWOBJ', op(')', ')', 0x81)],
    ['EXT1', op(0x82, 1)],
    ['EXT2', op(0x83, 1, 0)],
    ['EXT4', op(0x84, 1, 0, 0, 0)],
    ['NEWOBJ_EX', op(')', ')', '}', 0x92)],
    ['STACK_GLOBAL', concatenated([text('os'), text('system'), op(0x93)])],
    ['LONG4', concatenated([op(0x8b), u32(0xffffffff)])],
    ['DUP', op('N', '2')],
    ['0x95', op(0x95, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['0x8c', op(0x8c, 1, 'a')],
    ['0x94', op('N', 0x94)],
    ['0x49', op('I', '1', 10)],
    ['0x56', op('V', 'a', 10)],
    ['0x30', op('N', '0')],
    ['0xff', op(0xff)],
    ['0x00', op(0)],
  ])('with the operation %s', (name, code) =>
    expectRefused(program(code), new RegExp(`operation ${name} at byte \\d+ `), ['UnsupportedError']),
  );

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', op(), /ends in the middle/],
    ['None', op('N'), /something else than a dict/],
    ['an empty dict', op('}'), /something else than a dict/],
    ['a list', op(']'), /something else than a dict/],
    ['a tensor alone', pickled(NORM), /something else than a dict/],
    ['two values', op('}', '}'), /ends in the middle/],
    ['a mark left over', op('}', '('), /ends in the middle/],
    ['a mark too few', op('}', 't'), /mark is missing/],
    ['a tuple of values that are not there', op('N', 0x87), /value is missing/],
    ['a tuple of values below a mark', op('N', 'N', '(', 0x86), /value is missing/],
    ['a put without a value', op('q', 0), /value is missing/],
    ['a get of what was not put', op('h', 7), /memo/],
    ['a long get of what was not put', concatenated([op('j'), u32(0xffffffff)]), /memo/],
    ['a call of None', op('N', ')', 'R'), /calls what is no function/],
    [
      'a call of a storage class',
      concatenated([global('torch', 'FloatStorage'), op(')', 'R')]),
      /calls torch\.FloatStorage/,
    ],
    ['a call with a list', concatenated([global('collections', 'OrderedDict'), op(']', 'R')]), /calls collections/],
    ['an ordered dict of something', call(global('collections', 'OrderedDict'), op(']')), /calls collections/],
    ['a parameter of None', call(global('torch._utils', '_rebuild_parameter'), op('N')), /calls torch\._utils/],
    ['a parameter of nothing', call(global('torch._utils', '_rebuild_parameter')), /calls torch\._utils/],
    ['a tensor of nothing', call(global('torch._utils', '_rebuild_tensor_v2')), /makes a tensor/],
    ['attributes of None', op('N', '}', 'b'), /attributes/],
    ['attributes that are None', op('}', 'N', 'b'), /attributes/],
    ['attributes of a tensor', concatenated([pickled(NORM), op('}', 'b')]), /attributes/],
    ['an item of a list', op(']', 'N', 'N', 's'), /no dict/],
    ['an item without a value', op('}', '(', 'N', 'u'), /no dict/],
    ['an item of None', op('N', 'N', 'N', 's'), /no dict/],
    ['a number as key', op('}', 'K', 1, 'N', 's'), /key of a dict/],
    ['a dict as key', op('}', '}', 'N', 's'), /key of a dict/],
    ['something appended to a dict', op('}', 'N', 'a'), /no list/],
    ['things appended to a tuple', op(')', '(', 'N', 'N', 'e'), /no list/],
    ['a storage that is None', op('N', 'Q'), /something else than a storage/],
    ['a storage that is a text', concatenated([text('storage'), op('Q')]), /something else than a storage/],
    [
      'a storage of another tag',
      concatenated([tuple(text('module'), global('torch', 'FloatStorage'), text('0'), text('cpu'), int(4)), op('Q')]),
      /something else than a storage/,
    ],
    [
      'a storage of no class',
      concatenated([tuple(text('storage'), text('FloatStorage'), text('0'), text('cpu'), int(4)), op('Q')]),
      /something else than a storage/,
    ],
    [
      'a storage that is a function',
      concatenated([
        tuple(text('storage'), global('collections', 'OrderedDict'), text('0'), text('cpu'), int(4)),
        op('Q'),
      ]),
      /something else than a storage/,
    ],
    ['a number among tensors', concatenated([op('}'), text('epoch'), int(3), op('s')]), /"epoch" in its dict/],
    ['a dict among tensors', concatenated([op('}'), text('state_dict'), op('}', 's')]), /"state_dict" in its dict/],
    ['a text of more bytes than there are', concatenated([op('X'), u32(1000)]), /cut off/],
    ['a text without end', concatenated([op('X'), u32(0xffffffff)]), /text of 4294967295 bytes/],
    ['a long text', text('a'.repeat(70_000)), /text of 70000 bytes/],
    ['a text that is no UTF-8', concatenated([op('X'), u32(2), op(0xff, 0xfe)]), /UTF-8/],
    ['a name without end', concatenated([op('c'), new Uint8Array(1000).fill(97)]), /name without end/],
    ['a number of 255 bytes', concatenated([op(0x8a, 255), new Uint8Array(255)]), /number of 255 bytes/],
    ['another protocol', op(0x80, 4), /protocol 4/],
    ['the oldest protocol', op(0x80, 0), /protocol 0/],
    ['marks without end', repeated(MARK, 100_000), /marks nest/],
    ['tuples in tuples in tuples', concatenated([op(')'), repeated(op(0x85), 500_000)]), /something else than a dict/],
    ['more operations than any checkpoint', repeated(op('N', 'q', 0, ')', 'q', 1), 300_000), /operations/],
    ['more than is accepted', repeated(op('N'), 5 << 20), /at most 4194304|longer than/],
  ])('whose pickle holds %s', (_name, code, place) => expectRefused(program(code), place));

  test('with a memo bomb', () => {
    const doubled = concatenated(Array.from({ length: 200 }, (_, i) => op('h', i, 'h', i, 0x86, 'q', i + 1)));
    return expectRefused(program(op(')', 'q', 0), doubled), /ends in the middle/);
  });

  test('with a memo of more values than any checkpoint', () => {
    const puts = Array.from({ length: 600_000 }, (_, i) => [0x72, i & 255, (i >> 8) & 255, (i >> 16) & 255, 0]);
    return expectRefused(
      program(op('N'), Uint8Array.from(puts.flat())),
      /ends in the middle|something else|operations/,
    );
  });

  test('with something behind its end', () =>
    expectRefused(
      withPickle(concatenated([dictPickle(TENSORS.map(({ name }, i) => [name, pickled(i)])), op('N')])),
      /1 bytes follow/,
    ));

  const strides = contiguous([8, 8]);
  test.each<[string, Uint8Array, RegExp]>([
    ['another storage', tensor(storage({ key: '0' }), [64]), /storage has/],
    ['a storage that is missing', tensor(storage({ key: '99' }), [64]), /data\/99, is missing/],
    ['a storage outside', tensor(storage({ key: '../version' }), [64]), /is missing/],
    ['a storage of doubles', tensor(storage({ type: 'DoubleStorage' }), [64]), /storage has/],
    ['a storage of halves', tensor(storage({ type: 'HalfStorage' }), [64]), /storage has/],
    ['a storage of whole numbers', tensor(storage({ type: 'IntStorage' }), [64]), /I32 are not supported/],
    ['fewer elements', tensor(storage({ elements: 32 }), [32]), /storage has/],
    ['more elements', tensor(storage({ elements: 128 }), [64]), /storage has/],
    ['elements without end', tensor(storage({ elements: 0x7fffffff }), [64]), /storage has/],
    ['fewer than no elements', tensor(storage({ elements: -64 }), [64]), /something else than a storage/],
    ['an offset', tensor(storage({}), [64], { offset: 1 }), /reaches beyond/],
    ['an offset below zero', tensor(storage({}), [64], { offset: -1 }), /makes a tensor/],
    ['an offset without end', tensor(storage({}), [64], { offset: 0x7fffffff }), /reaches beyond/],
    ['a smaller shape', tensor(storage({}), [32]), /shape \[32\]/],
    ['a larger shape', tensor(storage({}), [65]), /reaches beyond/],
    ['an empty shape', tensor(storage({}), [0]), /is empty/],
    ['a shape below zero', tensor(storage({}), [-64]), /makes a tensor/],
    ['no shape', tensor(storage({}), []), /shape \[\]/],
    ['a shape of nine', tensor(storage({}), [1, 1, 1, 1, 1, 1, 1, 1, 64]), /makes a tensor/],
    [
      'a shape beyond numbers',
      tensor(
        storage({}),
        Array.from({ length: 8 }, () => 0x7fffffff),
        { strides: [1, 1, 1, 1, 1, 1, 1, 1] },
      ),
      /follow each other|reaches beyond/,
    ],
    ['two dimensions', tensor(storage({}), [8, 8], { strides }), /shape \[8, 8\]/],
    ['its elements repeated', tensor(storage({}), [64], { strides: [0] }), /follow each other/],
    ['every other element', tensor(storage({}), [64], { strides: [2] }), /follow each other/],
    ['a stride below zero', tensor(storage({}), [64], { strides: [-1] }), /makes a tensor/],
    ['a stride too few', tensor(storage({}), [64], { strides: [] }), /makes a tensor/],
    ['a transposed matrix', tensor(storage({}), [8, 8], { strides: [1, 8] }), /follow each other/],
    ['None', op('N'), /is not a tensor/],
  ])('whose norm is or has %s', (_name, value, place) => expectRefused(withNorm(value), place));

  test.each(TENSORS.map(({ name }) => name))('without %s', (name) =>
    expectRefused(
      withPickle(dictPickle(TENSORS.flatMap((entry, i) => (entry.name === name ? [] : [[entry.name, pickled(i)]])))),
      /is missing/,
    ),
  );

  test.each<[string, ZipLies, RegExp]>([
    ['no entries', { entries: 0 }, /directory/],
    ['an entry too few', { entries: TENSORS.length + 2 }, /behind the last entry/],
    ['an entry too many', { entries: TENSORS.length + 4 }, /damaged/],
    ['entries without end', { entries: 0xffff }, /entries/],
    ['a shorter directory', { directoryBytes: 46 }, /directory/],
    ['a directory without end', { directoryBytes: 0xfffffff0 }, /directory/],
    ['a directory elsewhere', { directoryOffset: 0 }, /directory/],
    ['a directory behind the end', { directoryOffset: 0xfffffff0 }, /directory/],
    ['a comment', { comment: 5 }, /does not end as a zip/],
    ['a zip64 record elsewhere', { isZip64: true, zip64Offset: 17 }, /zip64 record/],
    ['a zip64 record of another length', { isZip64: true, zip64RecordBytes: 100 }, /zip64 record/],
    ['zip64 entries without end', { isZip64: true, entries: 2 ** 53 }, /entries/],
    ['a zip64 directory without end', { isZip64: true, directoryBytes: 2 ** 53 }, /directory/],
  ])('whose archive has %s', (_name, lies, place) => expectRefused(withZip(lies), place));

  test.each<[string, ZipFileEntry['lies'] & object, RegExp]>([
    ['compressed', { method: 8 }, /compressed/],
    ['compressed otherwise', { method: 93 }, /compressed/],
    ['compressed and large: a bomb', { method: 8, size: 0xfffffff0, packedSize: 100 }, /compressed/],
    ['compressed by its own header', { local: { method: 8 } }, /header says something else/],
    ['encrypted', { flags: 0x809 }, /encrypted/],
    ['encrypted by its own header', { local: { flags: 0x809 } }, /header says something else/],
    ['of two sizes', { size: 10 }, /should be 10/],
    ['larger than it is', { size: 4096, packedSize: 4096 }, /reach/],
    ['larger than the file', { size: 0xfffffff0, packedSize: 0xfffffff0 }, /reach/],
    ['smaller than it is', { size: 4, packedSize: 4 }, /storage has/],
    ['of a zip64 size that is missing', { size: 0xffffffff, packedSize: 0xffffffff }, /zip64 sizes/],
    [
      'of a zip64 size that is cut off',
      { size: 0xffffffff, packedSize: 0xffffffff, extra: packed([2, 1], [2, 8], [8, 256]) },
      /zip64 sizes/,
    ],
    [
      'of a zip64 size beyond numbers',
      { size: 0xffffffff, packedSize: 0xffffffff, extra: packed([2, 1], [2, 16], [8, 2 ** 63], [8, 2 ** 63]) },
      /zip64 sizes/,
    ],
    ['in the place of another', { offset: 0 }, /reach|there is no entry|header says/],
    ['behind the end', { offset: 0xfffffff0 }, /reach/],
    ['called otherwise by its own header', { local: { name: 'archive/data/0' } }, /header says something else/],
    ['of a longer name by its own header', { local: { name: `archive/data/${NORM}0` } }, /header says something else/],
    ['of another size by its own header', { local: { size: 8, packedSize: 8 } }, /header says something else/],
    ['without a header', { local: { signature: 0 } }, /no entry/],
  ])('with a storage that is %s', (_name, lies, place) => expectRefused(withEntry(DATA, lies), place));

  test.each<[string, number, ZipFileEntry['lies'] & object, Partial<ZipFileEntry>, RegExp]>([
    ['of another name', 0, {}, { name: 'archive/other.pkl' }, /no file of PyTorch/],
    ['with a wrong checksum', 0, { crc32: 1 }, {}, /checksum/],
    ['twice', 1, {}, { name: 'other/data.pkl' }, /no file of PyTorch/],
    ['of one byte', 0, {}, { bytes: new Uint8Array(1) }, /operation 0x00/],
    ['empty', 0, {}, { bytes: new Uint8Array(0) }, /cut off/],
  ])('with a data.pkl that is %s', (_name, index, lies, more, place) =>
    expectRefused(withEntry(index, lies, more), place),
  );

  test('with big-endian numbers', () =>
    expectRefused(withEntry(1, {}, { bytes: new TextEncoder().encode('big') }), /big-endian/));

  test('with two entries of one name', () =>
    expectRefused(withEntry(DATA, {}, { name: 'archive/data/0' }), /two of this name/));

  test('in the format before version 1.6', () => {
    const legacy = Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e);
    return expectRefused(folderWith(concatenated([legacy, FILE])), /before version 1\.6.*safetensors/, [
      'UnsupportedError',
    ]);
  });

  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(1000)],
    ['a safetensors file', new Uint8Array(new BigUint64Array([2n]).buffer)],
    ['a page', new TextEncoder().encode('<!doctype html><title>Not found</title>')],
  ])('that is %s', (_name, bytes) => expectRefused(folderWith(bytes), PLACE));

  test.each([
    ['no object', { weight_map: [] }, /not an object/],
    ['nothing', { weight_map: {} }, /is empty/],
    ['a path', { weight_map: { a: '../pytorch_model.bin' } }, /not the name/],
    ['a script', { weight_map: { a: 'model.py' } }, /not the name/],
    ['a file that is missing', { weight_map: { a: 'pytorch_model-00001-of-00009.bin' } }, /no pytorch_model-00001/],
  ])('whose index lists %s', (_name, index, place) =>
    expectRefused([...tinyFolder().slice(0, -1), jsonFile('pytorch_model.bin.index.json', index)], place),
  );
});

describe('one damaged byte', () => {
  /** Where weights are, found by the bytes themselves: they are random. */
  const weights = torchEntries(TENSORS)
    .slice(2, -1)
    .map(({ bytes }) => ({ start: Buffer.from(FILE.buffer).indexOf(bytes), length: bytes.length }));
  /** Bytes of headers, the pickle, the directory. */
  const structure = Array.from({ length: FILE.length }, (_, at) => at).filter(
    (at) => !weights.some(({ start, length }) => at >= start && at < start + length),
  );
  const random = new Random(3);
  const damages = Array.from({ length: 200 }, () => [
    structure[random.below(structure.length)]!,
    1 << random.below(8),
  ]) as [number, number][];

  test.each(damages)('at %i, bits %i, is refused or does not matter', { timeout: 20_000 }, async (at, bits) => {
    const file = FILE.slice();
    file[at]! ^= bits;
    const outcome = await importModel(folderWith(file)).catch((error: unknown) => error as Error);
    if (outcome instanceof Error) {
      expect(['InvalidFileError', 'UnsupportedError']).toContain(outcome.name);
      expect(outcome.message).toMatch(PLACE);
    } else {
      expect(hashes(outcome)).toEqual(hashes(await whole));
    }
  });

  const whole = importModel(folderWith(FILE));
});
