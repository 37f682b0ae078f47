import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import type { TestTensor } from './safetensorsFile';
import { safetensorsFile } from './safetensorsFile';
import { huggingFaceTensors, jsonFile, testFile, tinyConfig, tinyFolder, tinyWeights } from './tinyCheckpoint';

/** config.json of a MiniCPM-V 2.0 of a few hundred kilobytes: tiles of 24 pixels, patches of 4, nine queries. */
export function tinyVisionConfig(overrides: JsonObject = {}): JsonObject {
  return tinyConfig({
    architectures: ['MiniCPMV'],
    model_type: 'minicpmv',
    hidden_size: 128,
    tie_word_embeddings: false,
    vision_encoder: 'vit_so400m_patch14_siglip_384.webli',
    query_num: 9,
    patch_size: 4,
    image_size: 24,
    slice_mode: true,
    max_slice_nums: 9,
    scale_resolution: 24,
    tiny_vision: { embed_dim: 144, depth: 3, num_heads: 2, mlp_ratio: 0.7, img_size: 20 },
    ...overrides,
  });
}

const PARTS: Readonly<Record<string, string>> = {
  'vision.patchEmbedding': 'vpm.patch_embed.proj',
  'vision.norm': 'vpm.norm',
  'resampler.oProj': 'resampler.attn.out_proj',
  'resampler.queryNorm': 'resampler.ln_q',
  'resampler.kvNorm': 'resampler.ln_kv',
  'resampler.outNorm': 'resampler.ln_post',
  attentionNorm: 'norm1',
  mlpNorm: 'norm2',
  oProj: 'attn.proj',
  fc1: 'mlp.fc1',
  fc2: 'mlp.fc2',
};

const WHOLE: Readonly<Record<string, string>> = {
  'vision.positions': 'vpm.pos_embed',
  'resampler.query': 'resampler.query',
  'resampler.positions': 'resampler.pos_embed',
  'resampler.kvProj': 'resampler.kv_proj.weight',
  'resampler.proj': 'resampler.proj',
};

/** The files of the model as a checkpoint for transformers, random weights and tokenizer included. */
export function tinyVisionFolder(config: JsonObject = tinyVisionConfig()): File[] {
  const weights = tinyWeights(config);
  const isVision = ({ name }: TestTensor) => /^(vision|resampler)\./.test(name);
  const language = huggingFaceTensors(weights.filter((tensor) => !isVision(tensor)));
  const tensors = [
    ...language.map((tensor) => ({ ...tensor, name: `llm.${tensor.name}` })),
    ...visionTensors(weights.filter(isVision), config),
  ];
  const others = tinyFolder().filter(({ name }) => name !== 'config.json' && name !== 'model.safetensors');
  return [...others, jsonFile('config.json', config), testFile('model.safetensors', safetensorsFile(tensors))];
}

/** As timm and PyTorch keep them: query, key and value in one, patches as a convolution. */
function visionTensors(weights: TestTensor[], config: JsonObject): TestTensor[] {
  const { tower } = configFromJson(config, null).vision!;
  return weights.flatMap((tensor): TestTensor[] => {
    const [, stem, projection, bias] = /^(.+)\.([qkv])Proj(Bias)?$/.exec(tensor.name) ?? [];
    if (stem !== undefined) {
      if (projection !== 'q') return [];
      const parts = ['q', 'k', 'v'].map((part) =>
        weights.find(({ name }) => name === `${stem}.${part}Proj${bias ?? ''}`)!,
      );
      const values = Float32Array.from(parts.flatMap((part) => [...part.values]));
      const kind = bias ? 'bias' : 'weight';
      const name = stem === 'resampler' ? `resampler.attn.in_proj_${kind}` : `${layerName(stem)}.attn.qkv.${kind}`;
      return [{ name, shape: [3 * tensor.shape[0]!, ...tensor.shape.slice(1)], values }];
    }
    if (tensor.name === 'vision.patchEmbedding') {
      const shape = [tensor.shape[0]!, 3, tower.patchSize, tower.patchSize];
      return [{ ...tensor, name: 'vpm.patch_embed.proj.weight', shape }];
    }
    return [{ ...tensor, name: fileName(tensor.name) }];
  });
}

function fileName(name: string): string {
  const whole = WHOLE[name];
  if (whole !== undefined) return whole;
  const stem = name.replace(/Bias$/, '');
  const kind = stem === name ? 'weight' : 'bias';
  const [, layer, part] = /^(vision\.layers\.\d+)\.(.+)$/.exec(stem) ?? [];
  return layer === undefined ? `${PARTS[stem]}.${kind}` : `${layerName(layer)}.${PARTS[part!]}.${kind}`;
}

function layerName(layer: string): string {
  return layer.replace('vision.layers', 'vpm.blocks');
}
