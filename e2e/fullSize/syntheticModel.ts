import type { GgufMetadata } from '../../workers/checkpoint/gguf';
import { float32ToFloat16 } from '../../workers/quant/half';
import { ggufHeader, type TestValue } from '../../workers/testing/ggufFile';
import { Random } from '../../workers/testing/random';
import { tokenizerFromGguf } from '../../workers/tokenizer/fromGguf';
import type { Segment, Tape } from './virtualFile';
import { VirtualFile } from './virtualFile';
import { vocabularyMetadata } from './vocabulary';

/** MiniCPM-2B: 2 724 880 896 weights, the head tied to the embedding. */
const [LAYERS, HIDDEN, HEADS, INTERMEDIATE, VOCABULARY] = [40, 2304, 36, 5760, 122753];
const CONTEXT = 4096;

/** Small enough that forty layers of random weights stay within the range of numbers. */
const DEVIATION = 0.02;
/** Primes, so that no two rows and no two matrices begin at the same place of a period. */
const TAPE_FLOATS = 1_048_583;
const TAPE_BLOCKS = 65_537;

interface ModelTensor {
  hub: string;
  gguf: string;
  shape: number[];
}

/** Every tensor, in the order of the files. */
function tensors(): ModelTensor[] {
  const layer = (i: number): ModelTensor[] => {
    const tensor = (hub: string, gguf: string, shape: number[]) => ({
      hub: `model.layers.${i}.${hub}.weight`,
      gguf: `blk.${i}.${gguf}.weight`,
      shape,
    });
    return [
      tensor('input_layernorm', 'attn_norm', [HIDDEN]),
      tensor('self_attn.q_proj', 'attn_q', [HIDDEN, HIDDEN]),
      tensor('self_attn.k_proj', 'attn_k', [HIDDEN, HIDDEN]),
      tensor('self_attn.v_proj', 'attn_v', [HIDDEN, HIDDEN]),
      tensor('self_attn.o_proj', 'attn_output', [HIDDEN, HIDDEN]),
      tensor('post_attention_layernorm', 'ffn_norm', [HIDDEN]),
      tensor('mlp.gate_proj', 'ffn_gate', [INTERMEDIATE, HIDDEN]),
      tensor('mlp.up_proj', 'ffn_up', [INTERMEDIATE, HIDDEN]),
      tensor('mlp.down_proj', 'ffn_down', [HIDDEN, INTERMEDIATE]),
    ];
  };
  return [
    { hub: 'model.embed_tokens.weight', gguf: 'token_embd.weight', shape: [VOCABULARY, HIDDEN] },
    ...Array.from({ length: LAYERS }, (_, i) => layer(i)).flat(),
    { hub: 'model.norm.weight', gguf: 'output_norm.weight', shape: [HIDDEN] },
  ];
}

const elements = (shape: number[]) => shape.reduce((product, size) => product * size, 1);

/** The files of the model as sharded bf16 safetensors, by name. */
export function safetensorsFiles(): Map<string, VirtualFile> {
  const all = tensors();
  const middle = Math.floor(all.length / 2);
  const tape = bf16Tape();
  const shards = [all.slice(0, middle), all.slice(middle)].map((part, i) => ({
    name: `model-0000${i + 1}-of-00002.safetensors`,
    part,
    file: safetensorsShard(part, tape),
  }));
  const weightMap = shards.flatMap(({ name, part }) => part.map(({ hub }) => [hub, name] as const));
  const { tokenizer, config } = tokenizerFromGguf(plainMetadata(vocabularyMetadata(VOCABULARY)));
  const json = (value: unknown) => VirtualFile.of(new TextEncoder().encode(JSON.stringify(value)));
  return new Map([
    ['config.json', json(hubConfig())],
    ['tokenizer.json', json(tokenizer)],
    ['tokenizer_config.json', json(config)],
    ['model.safetensors.index.json', json({ weight_map: Object.fromEntries(weightMap) })],
    ...shards.map(({ name, file }) => [name, file] as const),
  ]);
}

/** The model as one GGUF file, all matrices in Q4_0. */
export function ggufModel(): VirtualFile {
  const [f32, q4_0] = [0, 2];
  const tape = q4Tape();
  const ones = new Uint8Array(Float32Array.of(1).buffer);
  const listed = tensors().map(({ gguf: name, shape }) =>
    shape.length === 1
      ? { name, shape, type: f32, bytes: elements(shape) * 4 }
      : { name, shape, type: q4_0, bytes: (elements(shape) / 32) * 18 },
  );
  const header = ggufHeader({ ...ggufMetadata(), ...vocabularyMetadata(VOCABULARY) }, listed);
  const padding = (position: number) => ({ tape: new Uint8Array(1), start: 0, bytes: -position & 31 });
  const segments: Segment[] = [{ tape: header, start: 0, bytes: header.length }, padding(header.length)];
  for (const [i, { type, bytes }] of listed.entries()) {
    segments.push({ tape: type === f32 ? ones : tape, start: type === f32 ? 0 : i * 18 * 1009, bytes }, padding(bytes));
  }
  return new VirtualFile(segments);
}

function safetensorsShard(part: ModelTensor[], tape: Tape): VirtualFile {
  const ones = Uint8Array.of(0x80, 0x3f);
  let end = 0;
  const segments: Segment[] = [];
  const entries = part.map(({ hub, shape }, i) => {
    const start = end;
    const bytes = elements(shape) * 2;
    end += bytes;
    segments.push({ tape: shape.length === 1 ? ones : tape, start: shape.length === 1 ? 0 : i * 2 * 10_007, bytes });
    return [hub, { dtype: 'BF16', shape, data_offsets: [start, end] }];
  });
  const table = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = new Uint8Array(BigUint64Array.of(BigInt(table.length)).buffer);
  const front = [length, table].map((bytes) => ({ tape: bytes, start: 0, bytes: bytes.length }));
  return new VirtualFile([...front, ...segments]);
}

/** Normally distributed weights in bf16. */
function bf16Tape(): Tape {
  const random = new Random(1);
  const weights = Float32Array.from({ length: TAPE_FLOATS }, () => DEVIATION * gaussian(random));
  const words = new Uint32Array(weights.buffer);
  return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
}

/** Random blocks of Q4_0 with weights of about the same size. */
function q4Tape(): Tape {
  const random = new Random(2);
  const tape = random.bytes(TAPE_BLOCKS * 18);
  const view = new DataView(tape.buffer);
  for (let block = 0; block < TAPE_BLOCKS; block++) {
    view.setUint16(block * 18, float32ToFloat16((DEVIATION / 4.6) * (0.5 + random.next())), true);
  }
  return tape;
}

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function plainMetadata(metadata: Record<string, TestValue>): GgufMetadata {
  return new Map(Object.entries(metadata).map(([key, value]) => [key, Object.values(value)[0] as never]));
}

function hubConfig() {
  return {
    architectures: ['MiniCPMForCausalLM'],
    model_type: 'minicpm',
    torch_dtype: 'bfloat16',
    hidden_act: 'silu',
    hidden_size: HIDDEN,
    intermediate_size: INTERMEDIATE,
    num_hidden_layers: LAYERS,
    num_attention_heads: HEADS,
    num_key_value_heads: HEADS,
    vocab_size: VOCABULARY,
    max_position_embeddings: CONTEXT,
    rms_norm_eps: 1e-5,
    rope_scaling: null,
    bos_token_id: 1,
    eos_token_id: 2,
    scale_emb: 12,
    scale_depth: 1.4,
    dim_model_base: 256,
  };
}

function ggufMetadata(): Record<string, TestValue> {
  return {
    'general.architecture': { string: 'minicpm' },
    'general.name': { string: 'full size' },
    'minicpm.context_length': { u32: CONTEXT },
    'minicpm.embedding_length': { u32: HIDDEN },
    'minicpm.block_count': { u32: LAYERS },
    'minicpm.feed_forward_length': { u32: INTERMEDIATE },
    'minicpm.attention.head_count': { u32: HEADS },
    'minicpm.attention.head_count_kv': { u32: HEADS },
    'minicpm.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
    'minicpm.rope.dimension_count': { u32: HIDDEN / HEADS },
    'minicpm.embedding_scale': { f32: 12 },
    'minicpm.residual_scale': { f32: 1.4 / Math.sqrt(LAYERS) },
    'minicpm.logit_scale': { f32: HIDDEN / 256 },
  };
}
