import 'fake-indexeddb/auto';
import { describe, test } from 'vitest';
import { expectRefused, expectRefusedOrRight, importModel } from '../testing/importing';
import { miniTokenizer } from '../testing/miniTokenizer';
import { Random } from '../testing/random';
import { safetensorsFile } from '../testing/safetensorsFile';
import { huggingFaceTensors, jsonFile, testFile, tinyConfig, tinyFolder } from '../testing/tinyCheckpoint';

const FOLDER = tinyFolder();

/** The folder with one file replaced, or another added. */
function folderWith(file: File): File[] {
  const index = FOLDER.findIndex(({ name }) => name === file.name);
  return index < 0 ? [...FOLDER, file] : FOLDER.with(index, file);
}

const text = (name: string, content: string | Uint8Array<ArrayBuffer>) =>
  testFile(name, typeof content === 'string' ? new TextEncoder().encode(content) : content);

const NO_OBJECTS: [string, string | Uint8Array<ArrayBuffer>][] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['a text', '"x"'],
  ['half an object', '{"architectures": ["MiniCPMForCausalLM"'],
  ['a page', '<!doctype html>'],
  ['an endless list', '['.repeat(100_000)],
  ['bytes', Uint8Array.of(0xff, 0xfe, 0x00)],
  ['two objects', '{}{}'],
  ['lists in lists', `{"x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
];

const FILES = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];

describe.each(FILES)('%s is refused', (name) => {
  test.each(NO_OBJECTS)('when it holds %s', (_what, content) =>
    expectRefused(folderWith(text(name, content)), new RegExp(name.replaceAll('.', '\\.')), ['InvalidFileError']),
  );
});

const SIZES = [
  'hidden_size',
  'intermediate_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'vocab_size',
  'max_position_embeddings',
  'head_dim',
];
const NO_SIZES = [0, -1, 1.5, 1e9, 1e300, '64', true, [64], {}];

describe.each(SIZES)('config.json is refused where %s', (key) => {
  test.each(NO_SIZES)('is %j', (value) =>
    expectRefused(
      folderWith(jsonFile('config.json', tinyConfig({ [key]: value }))),
      new RegExp(`config\\.json.*${key}`),
    ),
  );
});

describe('config.json is refused', () => {
  test.each(['hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'vocab_size'])(
    'without %s',
    (key) => expectRefused(folderWith(jsonFile('config.json', tinyConfig({ [key]: undefined }))), new RegExp(key)),
  );
  test.each(['scale_emb', 'scale_depth', 'dim_model_base'])('without %s', (key) =>
    expectRefused(folderWith(jsonFile('config.json', tinyConfig({ [key]: null }))), new RegExp(key)),
  );

  const longRope = { rope_type: 'longrope', long_factor: Array(8).fill(1), short_factor: Array(8).fill(1) };
  test.each<[Record<string, unknown>, RegExp]>([
    [{ architectures: [], model_type: null }, /architectures/],
    [{ architectures: [1] }, /architectures/],
    [{ architectures: ['DeepseekV2ForCausalLM'] }, /DeepseekV2ForCausalLM/],
    [{ architectures: ['MiniCPM3ForCausalLM'], num_key_value_heads: 4 }, /q_lora_rank/],
    [{ architectures: ['MiniCPMO'] }, /MiniCPMO/],
    [{ architectures: ['MiniCPMV4_6ForConditionalGeneration'] }, /text_config/],
    [{ architectures: ['Qwen2ForCausalLM'] }, /Qwen2ForCausalLM/],
    [{ architectures: ['constructor'] }, /constructor/],
    [{ architectures: undefined, model_type: 'deepseek_v2' }, /deepseek_v2/],
    [{ num_experts: 8 }, /num_experts/],
    [{ hidden_act: 'fatrelu' }, /fatrelu/],
    [{ hidden_act: 7 }, /hidden_act/],
    [{ attention_bias: true }, /attention_bias/],
    [{ mlp_bias: true }, /mlp_bias/],
    [{ attention_bias: 'yes' }, /attention_bias/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
    [{ quantization_config: { quant_method: 'bitsandbytes' } }, /BITSANDBYTES/],
    [{ quantization_config: 'gptq' }, /not an object/],
    [{ num_attention_heads: 3 }, /cannot be divided/],
    [{ num_key_value_heads: 3 }, /evenly/],
    [{ num_key_value_heads: 8 }, /num_key_value_heads/],
    [{ head_dim: 15 }, /odd/],
    [{ head_dim: 514 }, /4 heads of size 514 are not supported/],
    [{ head_dim: 32 }, /shape/],
    [{ vocab_size: 276 }, /embed_tokens.*shape/],
    [{ num_hidden_layers: 3 }, /layers\.2\..*missing/],
    [{ num_hidden_layers: 1 }, /1 layers has no such tensor/],
    [{ tie_word_embeddings: false }, /lmHead is missing/],
    [{ tie_word_embeddings: 'no' }, /tie_word_embeddings/],
    [{ rms_norm_eps: 0 }, /rms_norm_eps/],
    [{ rms_norm_eps: '1e-5' }, /rms_norm_eps/],
    [{ scale_emb: -12 }, /scale_emb/],
    [{ scale_depth: 'deep' }, /scale_depth/],
    [{ dim_model_base: 0 }, /dim_model_base/],
    [{ eos_token_id: 275 }, /275 is outside the vocabulary/],
    [{ eos_token_id: [2, -1] }, /eos_token_id/],
    [{ eos_token_id: '2' }, /eos_token_id/],
    [{ bos_token_id: 1.5 }, /bos_token_id/],
    [{ rope_theta: 0 }, /rope_theta/],
    [{ rope_theta: 'large' }, /rope_theta/],
    [{ rope_scaling: 'longrope' }, /rope_scaling/],
    [{ rope_scaling: { type: 'linear', factor: 2 } }, /linear/],
    [{ rope_scaling: { type: 'yarn', factor: 2 } }, /yarn/],
    [{ rope_scaling: { rope_type: 'llama3' } }, /llama3/],
    [{ rope_scaling: { rope_type: 3 } }, /rope_type/],
    [{ rope_scaling: { rope_type: 'longrope' } }, /long|short/],
    [{ rope_scaling: { ...longRope, long_factor: Array(7).fill(1) } }, /long factors.*7 values/],
    [{ rope_scaling: { ...longRope, short_factor: [...Array(7).fill(1), 0] } }, /short factors/],
    [{ rope_scaling: { ...longRope, short_factor: '1,1,1,1' } }, /short factors/],
    [{ rope_scaling: { ...longRope, original_max_position_embeddings: 0 } }, /original_max_position_embeddings/],
    [{ rope_scaling: { ...longRope, original_max_position_embeddings: 1 } }, /LongRoPE cannot extend/],
  ])('with %j', (change, place) => expectRefused(folderWith(jsonFile('config.json', tinyConfig(change))), place));

  test('when it is missing', () =>
    expectRefused(
      FOLDER.filter(({ name }) => name !== 'config.json'),
      /no config\.json/,
    ));

  test('when it is larger than any', () =>
    expectRefused(folderWith(text('config.json', ' '.repeat(2 ** 20 + 1))), /config\.json is too large/));
});

describe('generation_config.json is refused', () => {
  test.each([
    { temperature: -1 },
    { temperature: 'hot' },
    { top_p: '0.9' },
    { top_p: 1.5 },
    { top_k: -1 },
    { top_k: 2.5 },
    { min_p: [0] },
    { min_p: 2 },
    { repetition_penalty: 0 },
    { do_sample: 'yes' },
    { eos_token_id: 'end' },
    { eos_token_id: 999_999 },
  ])('with %j', (config) =>
    expectRefused(folderWith(jsonFile('generation_config.json', config)), /token|generation_config\.json/),
  );
});

describe('a checkpoint is refused', () => {
  const indexFile = 'model.safetensors.index.json';
  const withoutWeights = FOLDER.filter(({ name }) => name !== 'model.safetensors');
  const index = (weightMap: unknown) => [...withoutWeights, jsonFile(indexFile, { weight_map: weightMap })];

  test.each(NO_OBJECTS)('when its index holds %s', (_what, content) =>
    expectRefused([...withoutWeights, text(indexFile, content)], /model\.safetensors\.index\.json/),
  );

  test.each<[unknown, RegExp]>([
    [undefined, /weight_map/],
    [[], /weight_map/],
    [{}, /weight_map/],
    [{ a: 1 }, /not the name/],
    [{ a: '../model.safetensors' }, /not the name/],
    [{ a: 'https://x/model.safetensors' }, /not the name/],
    [{ a: 'model.bin' }, /not the name/],
    [{ a: 'model-00001-of-00002.safetensors' }, /no model-00001-of-00002\.safetensors/],
  ])('with the index %j', (weightMap, place) => expectRefused(index(weightMap), place));

  test('without weights', () => expectRefused(withoutWeights, /no model\.safetensors/));
  test('with pickled weights that are none', () =>
    expectRefused([...withoutWeights, text('pytorch_model.bin', 'x')], /pytorch_model\.bin/));
  test('with two files of one name', () => expectRefused([...FOLDER, FOLDER[0]!], /Two files are called config\.json/));
});

describe('a checkpoint in two files is refused, or imported right, with its index damaged', () => {
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const tensors = huggingFaceTensors();
  const halves = [tensors.slice(0, 5), tensors.slice(5)].map((half, i) => testFile(names[i]!, safetensorsFile(half)));
  const others = [...FOLDER.slice(0, -1), ...halves];
  const index = new TextEncoder().encode(JSON.stringify({ weight_map: { a: names[0], b: names[1] } }));
  const indexFile = (bytes: Uint8Array<ArrayBuffer>) => testFile('model.safetensors.index.json', bytes);
  const whole = importModel([...others, indexFile(index)]);
  /** The index, or the name that it gives a file. */
  const PLACE = /model\.safetensors\.index\.json|model\S*\.safetensors/;

  const random = new Random(6);
  const damages = Array.from({ length: 240 }, () => [random.below(index.length), 1 << random.below(8)] as const);
  test.each(damages)('at %i, bits %i', (at, bits) => {
    const damaged = index.slice();
    damaged[at]! ^= bits;
    return expectRefusedOrRight([...others, indexFile(damaged)], PLACE, whole);
  });
});

describe('tokenizer.json is refused', () => {
  const { tokenizer } = miniTokenizer();
  const model = tokenizer.model as { vocab: Record<string, number> };
  test.each<[string, Record<string, unknown>]>([
    ['no model', { model: undefined }],
    ['a model of words', { model: { ...model, type: 'WordLevel' } }],
    ['no vocabulary', { model: { ...model, vocab: undefined } }],
    ['a list as vocabulary', { model: { ...model, vocab: ['a'] } }],
    ['an id beyond the model', { model: { ...model, vocab: { ...model.vocab, a: 275 } } }],
    ['an id below zero', { model: { ...model, vocab: { ...model.vocab, a: -1 } } }],
    ['merges of nothing', { model: { ...model, merges: ['x y z'] } }],
    ['merges that are no list', { model: { ...model, merges: 'a b' } }],
    ['added tokens that are no list', { added_tokens: {} }],
    ['an added token beyond the model', { added_tokens: [{ id: 275, content: '<x>' }] }],
    ['an unknown normalizer', { normalizer: { type: 'Magic' } }],
  ])('with %s', (_what, change) =>
    expectRefused(folderWith(jsonFile('tokenizer.json', { ...tokenizer, ...change })), /tokenizer\.json/),
  );
});

test.each(['{% if messages %}', '{{ messages', '{% for message in %}'])(
  'a chat template of %j is refused',
  (template) => expectRefused(folderWith(text('chat_template.jinja', template)), /chat template/, ['InvalidFileError']),
);
