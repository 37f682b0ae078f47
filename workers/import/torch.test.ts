import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { hashes, importModel } from '../testing/importing';
import { call, dictPickle, global, op, tensor, text } from '../testing/pickle';
import type { TestTensor } from '../testing/safetensorsFile';
import { concatenated } from '../testing/safetensorsFile';
import { huggingFaceTensors, jsonFile, testFile, tinyConfig, tinyFolder, tinyWeights } from '../testing/tinyCheckpoint';
import { torchEntries, torchFile } from '../testing/torchFile';
import type { ZipLies } from '../testing/zipFile';
import { packed, zipFile } from '../testing/zipFile';

/** Hashes of what is stored, by tensor: chunks are numbered in the order of the file, which differs. */
const TENSORS = huggingFaceTensors();
const folderWith = (...weights: File[]) => [...tinyFolder().slice(0, -1), ...weights];
const pytorchModel = (bytes: Uint8Array<ArrayBuffer>) => testFile('pytorch_model.bin', bytes);

const reference = hashes(await importModel(tinyFolder()));

describe('pytorch_model.bin', () => {
  test('is stored as the same model in safetensors is', async () => {
    expect(hashes(await importModel(folderWith(pytorchModel(torchFile(TENSORS)))))).toEqual(reference);
  });

  test('is read in its zip64 form', async () => {
    const lies: ZipLies = { isZip64: true };
    const entries = torchEntries(TENSORS).map((entry) => ({ ...entry }));
    const last = entries.at(-2)!;
    const size = last.bytes.length;
    last.lies = {
      size: 0xffffffff,
      packedSize: 0xffffffff,
      extra: packed([2, 9], [2, 1], [1, 0], [2, 1], [2, 16], [8, size], [8, size]),
    };
    expect(hashes(await importModel(folderWith(pytorchModel(zipFile(entries, lies)))))).toEqual(reference);
  });

  test('is read from shards, with an index or without', async () => {
    const names = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];
    const shards = [TENSORS.slice(0, 7), TENSORS.slice(7)];
    const files = shards.map((shard, i) => testFile(names[i]!, torchFile(shard)));
    const weightMap = Object.fromEntries(shards.flatMap((shard, i) => shard.map(({ name }) => [name, names[i]])));
    const index = jsonFile('pytorch_model.bin.index.json', { weight_map: weightMap });
    expect(hashes(await importModel(folderWith(...files)))).toEqual(reference);
    expect(hashes(await importModel(folderWith(...files, index)))).toEqual(reference);
  });

  test('may hold parameters, attributes of the dict, and several tensors in one storage', async () => {
    const values = new Float32Array(TENSORS.reduce((sum, { values }) => sum + values.length, 0));
    let offset = 0;
    const entries = TENSORS.map(({ name, shape, values: own }): [string, Uint8Array] => {
      values.set(own, offset);
      const pickled = tensor({ type: 'FloatStorage', key: '0', elements: values.length }, shape, { offset });
      offset += own.length;
      return [name, call(global('torch._utils', '_rebuild_parameter'), pickled, op(0x88), op('N'))];
    });
    const all: TestTensor = { name: 'all', shape: [values.length], values };
    const attributes = concatenated([op('}'), text('_metadata'), op('}', 's', 'b')]);
    const pickle = concatenated([dictPickle(entries).subarray(0, -1), attributes, op('.')]);
    const file = zipFile(torchEntries([all], pickle));
    expect(hashes(await importModel(folderWith(pytorchModel(file))))).toEqual(reference);
  });

  test('stores a matrix once that it holds under both names of a tied vocabulary', async () => {
    const config = tinyConfig({ tie_word_embeddings: false });
    const tensors = huggingFaceTensors(tinyWeights());
    const embedding = tensors.find(({ name }) => name === 'model.embed_tokens.weight')!;
    const key = String(tensors.indexOf(embedding));
    const entries = tensors.map(({ name, shape, values }, i): [string, Uint8Array] => [
      name,
      tensor({ type: 'FloatStorage', key: String(i), elements: values.length }, shape),
    ]);
    const head = tensor({ type: 'FloatStorage', key, elements: embedding.values.length }, embedding.shape);
    const file = zipFile(torchEntries(tensors, dictPickle([...entries, ['lm_head.weight', head]])));
    const files = [jsonFile('config.json', config), ...folderWith(pytorchModel(file)).slice(1)];
    const manifest = await importModel(files);
    expect(manifest.config.tieWordEmbeddings).toBe(true);
    expect(hashes(manifest)).toEqual(reference);
  });
});
