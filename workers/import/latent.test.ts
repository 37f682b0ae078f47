import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { requiredTensors } from '../checkpoint/names';
import { WeightStore } from '../storage/weightStore';
import type { TestValue } from '../testing/ggufFile';
import { ggufFile } from '../testing/ggufFile';
import { expectRefused, hashes, importModel, newDatabase } from '../testing/importing';
import { safetensorsFile } from '../testing/safetensorsFile';
import type { TestTensor } from '../testing/safetensorsFile';
import {
  ggufTensors,
  huggingFaceTensors,
  jsonFile,
  testFile,
  tinyFolder,
  tinyWeights,
} from '../testing/tinyCheckpoint';
import { tinyLatentConfig, tinyLatentMetadata } from '../testing/tinyLatentCheckpoint';
import { Tokenizer } from '../tokenizer/tokenizer';

const CONFIG = tinyLatentConfig();
const FOLDER = tinyFolder(CONFIG);

function folderOf(tensors: TestTensor[]): File[] {
  const others = FOLDER.filter(({ name }) => name !== 'model.safetensors');
  return [...others, testFile('model.safetensors', safetensorsFile(tensors))];
}

function ggufOf(tensors = ggufTensors(CONFIG), changes: Record<string, TestValue> = {}): File[] {
  return [testFile('tiny.gguf', ggufFile({ ...tinyLatentMetadata(CONFIG), ...changes }, tensors))];
}

describe('a MiniCPM3', () => {
  test('is stored the same from safetensors and from GGUF, each row where the file has it', async () => {
    const safetensors = await importModel(FOLDER, { quantization: 'f32' });
    const gguf = await importModel(ggufOf(), { quantization: 'f32' });
    expect(hashes(gguf)).toEqual(hashes(safetensors));
    expect(gguf.config).toMatchObject({ embeddingScale: 12, logitScale: 4, tieWordEmbeddings: true });
    expect(safetensors.info).toMatchObject({ architecture: 'minicpm3', family: 'MiniCPM3' });
  });

  test('has seven tensors in place of four in each layer', async () => {
    const { config, tensors } = await importModel(FOLDER);
    const shapes = Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
    expect(shapes).toEqual(Object.fromEntries(requiredTensors(config)));
    expect(shapes).toMatchObject({
      'layers.1.qAProj': [40, 64],
      'layers.1.qANorm': [40],
      'layers.1.qBProj': [4 * (12 + 8), 40],
      'layers.1.kvAProj': [20 + 8, 64],
      'layers.1.kvANorm': [20],
      'layers.1.kvBProj': [4 * (12 + 16), 20],
      'layers.1.oProj': [64, 4 * 16],
    });
    expect(tensors).toHaveLength(2 + 2 * 12);
  });

  test('may have values of another size', async () => {
    const { tensors } = await importModel(tinyFolder(tinyLatentConfig({ v_head_dim: 24 })));
    const shapeOf = (part: string) => tensors.find(({ name }) => name === `layers.0.${part}`)!.shape;
    expect([shapeOf('kvBProj'), shapeOf('oProj')]).toEqual([
      [4 * (12 + 24), 20],
      [64, 4 * 24],
    ]);
  });
});

describe('a MiniCPM3 is refused', () => {
  const renamed = (tensors: TestTensor[], from: string, to: string) =>
    tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(from, to) }));
  const weights = huggingFaceTensors(tinyWeights(CONFIG));

  test.each([
    ['q_a_proj', 'q_proj'],
    ['kv_a_proj_with_mqa', 'k_proj'],
    ['kv_b_proj', 'v_proj'],
    ['q_a_layernorm', 'q_norm'],
  ])('with its %s called %s', (from, to) =>
    expectRefused(folderOf(renamed(weights, `.0.self_attn.${from}.`, `.0.self_attn.${to}.`)), /has no such tensor/),
  );

  test.each([
    ['attn_q_a.', 'attn_q.'],
    ['attn_kv_b.', 'attn_k.'],
  ])('from GGUF with its %s called %s', (from, to) =>
    expectRefused(ggufOf(renamed(ggufTensors(CONFIG), `blk.0.${from}`, `blk.0.${to}`)), /has no such tensor/),
  );

  test.each(['qAProj', 'qANorm', 'qBProj', 'kvAProj', 'kvANorm', 'kvBProj', 'oProj'])('without %s', (part) => {
    const kept = tinyWeights(CONFIG).filter(({ name }) => name !== `layers.1.${part}`);
    return expectRefused(folderOf(huggingFaceTensors(kept)), new RegExp(`layers\\.1\\.${part} is missing`));
  });

  test('with a bias', () =>
    expectRefused(folderOf(renamed(weights, '.0.self_attn.q_a_proj.weight', '.0.self_attn.q_a_proj.bias')), /bias/));

  test.each([
    [{ q_lora_rank: 44 }],
    [{ kv_lora_rank: 24 }],
    [{ qk_nope_head_dim: 16 }],
    [{ qk_rope_head_dim: 12 }],
    [{ v_head_dim: 12 }],
  ])('whose tensors do not fit %j', (change) => {
    const others = FOLDER.filter(({ name }) => name !== 'config.json');
    return expectRefused([...others, jsonFile('config.json', tinyLatentConfig(change))], /shape/);
  });

  test.each<Record<string, TestValue>>([
    { 'minicpm3.attention.q_lora_rank': { u32: 44 } },
    { 'minicpm3.attention.kv_lora_rank': { u32: 24 } },
    { 'minicpm3.attention.key_length': { u32: 24 } },
    { 'minicpm3.attention.value_length': { u32: 12 } },
  ])('from GGUF whose tensors do not fit %j', (change) => expectRefused(ggufOf(undefined, change), /shape/));
});

test('a MiniCPM with tensors of a MiniCPM3 is refused', () => {
  const tensors = huggingFaceTensors().map((tensor) => ({
    ...tensor,
    name: tensor.name.replace('.0.self_attn.q_proj.', '.0.self_attn.q_a_proj.'),
  }));
  const others = tinyFolder().filter(({ name }) => name !== 'model.safetensors');
  return expectRefused(
    [...others, testFile('model.safetensors', safetensorsFile(tensors))],
    /a model of 2 layers has no such tensor/,
  );
});

describe('a MiniCPM3 from GGUF is spoken to in ChatML', () => {
  const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const pieces = ['<unk>', '<s>', '</s>', ...BYTES, '▁'];
  const markers = ['<|im_end|>', '<|im_start|>'];
  const imEnd = pieces.length;
  const VOCABULARY: Record<string, TestValue> = {
    'tokenizer.ggml.model': { string: 'llama' },
    'tokenizer.ggml.tokens': { strings: [...pieces, ...markers] },
    'tokenizer.ggml.scores': { f32s: [...pieces.map(() => 0), -1000, -1000] },
    'tokenizer.ggml.token_type': { i32s: [2, 3, 3, ...BYTES.map(() => 6), 1, 4, 4] },
    'tokenizer.ggml.unknown_token_id': { u32: 0 },
  };
  const TEMPLATE =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  test.each<[string, Record<string, TestValue>]>([
    ['its own template', { 'tokenizer.chat_template': { string: TEMPLATE } }],
    ['no template', {}],
    ['a converter that was told to leave out the BOS', { 'tokenizer.ggml.add_bos_token': { bool: false } }],
  ])('with %s', async (_, own) => {
    const database = newDatabase();
    const manifest = await importModel(ggufOf(undefined, { ...VOCABULARY, ...own }), { database });
    expect(manifest.config.eosTokenIds).toEqual([2, imEnd]);
    const tokenizer = new Tokenizer((await new WeightStore(database).getTokenizer(manifest))!);
    const ids = tokenizer.encodeChat([
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'hi' },
    ]);
    expect(ids.slice(0, 2)).toEqual([1, imEnd + 1]);
    expect(ids.filter((id) => id >= imEnd)).toHaveLength(5);
    // Each text between two markers begins with a space of its own, as SentencePiece has it.
    expect(tokenizer.decode(ids, { isInsideText: true }).replace(/(?<=>) /g, '')).toBe(
      '<s><|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
    );
  });
});
