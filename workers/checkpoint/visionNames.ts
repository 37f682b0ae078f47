import type { ModelConfig } from './modelConfig';
import type { NamingScheme } from './names';
import { ggufNames, huggingFaceNames } from './names';
import { hasQueryPositions, isVisionTensor } from './visionTensors';

/** Parts of a layer and of a resampler that are a weight and a bias each: `x.weight` is ours `y`, `x.bias` `yBias`. */
const TIMM_LAYER: Readonly<Record<string, string>> = {
  norm1: 'attentionNorm',
  norm2: 'mlpNorm',
  'attn.q': 'qProj',
  'attn.k': 'kProj',
  'attn.v': 'vProj',
  'attn.proj': 'oProj',
  'mlp.fc1': 'fc1',
  'mlp.fc2': 'fc2',
};

const NAVIT_LAYER: Readonly<Record<string, string>> = {
  layer_norm1: 'attentionNorm',
  layer_norm2: 'mlpNorm',
  'self_attn.q_proj': 'qProj',
  'self_attn.k_proj': 'kProj',
  'self_attn.v_proj': 'vProj',
  'self_attn.out_proj': 'oProj',
  'mlp.fc1': 'fc1',
  'mlp.fc2': 'fc2',
};

/** llama.cpp's converter calls the first matrix of the MLP `ffn_down` and the second `ffn_up`. */
const GGUF_LAYER: Readonly<Record<string, string>> = {
  ln1: 'attentionNorm',
  ln2: 'mlpNorm',
  attn_q: 'qProj',
  attn_k: 'kProj',
  attn_v: 'vProj',
  attn_out: 'oProj',
  ffn_down: 'fc1',
  ffn_up: 'fc2',
};

const HUGGING_FACE_PARTS: Readonly<Record<string, string>> = {
  'vpm.patch_embed.proj': 'vision.patchEmbedding',
  'vpm.embeddings.patch_embedding': 'vision.patchEmbedding',
  'vpm.norm': 'vision.norm',
  'vpm.post_layernorm': 'vision.norm',
  'vpm.vit_merger.layer_norm1': 'vision.merger.attentionNorm',
  'vpm.vit_merger.self_attn.q_proj': 'vision.merger.qProj',
  'vpm.vit_merger.self_attn.k_proj': 'vision.merger.kProj',
  'vpm.vit_merger.self_attn.v_proj': 'vision.merger.vProj',
  'vpm.vit_merger.self_attn.out_proj': 'vision.merger.oProj',
  'vpm.vit_merger.pre_norm': 'vision.merger.mlpNorm',
  'vpm.vit_merger.linear_1': 'vision.merger.fc1',
  'vpm.vit_merger.linear_2': 'vision.merger.fc2',
  'merger.mlp.0.pre_norm': 'vision.connector.mlpNorm',
  'merger.mlp.0.linear_1': 'vision.connector.fc1',
  'merger.mlp.0.linear_2': 'vision.connector.fc2',
  'resampler.attn.q': 'resampler.qProj',
  'resampler.attn.k': 'resampler.kProj',
  'resampler.attn.v': 'resampler.vProj',
  'resampler.attn.out_proj': 'resampler.oProj',
  'resampler.ln_q': 'resampler.queryNorm',
  'resampler.ln_kv': 'resampler.kvNorm',
  'resampler.ln_post': 'resampler.outNorm',
};

const HUGGING_FACE_WHOLE: Readonly<Record<string, string>> = {
  'vpm.pos_embed': 'vision.positions',
  'vpm.embeddings.position_embedding.weight': 'vision.positions',
  'resampler.query': 'resampler.query',
  'resampler.pos_embed': 'resampler.positions',
  'resampler.kv_proj.weight': 'resampler.kvProj',
  'resampler.proj': 'resampler.proj',
};

const GGUF_PARTS: Readonly<Record<string, string>> = {
  'v.patch_embd': 'vision.patchEmbedding',
  'v.post_ln': 'vision.norm',
  'resampler.attn.q': 'resampler.qProj',
  'resampler.attn.k': 'resampler.kProj',
  'resampler.attn.v': 'resampler.vProj',
  'resampler.attn.out': 'resampler.oProj',
  'resampler.ln_q': 'resampler.queryNorm',
  'resampler.ln_kv': 'resampler.kvNorm',
  'resampler.ln_post': 'resampler.outNorm',
};

const GGUF_WHOLE: Readonly<Record<string, string>> = {
  'v.position_embd.weight': 'vision.positions',
  'resampler.query': 'resampler.query',
  'resampler.pos_embed': 'resampler.positions',
  'resampler.kv.weight': 'resampler.kvProj',
  'resampler.proj.weight': 'resampler.proj',
};

/** Tensor names of MiniCPM-V checkpoints for transformers; `resampler.proj` is multiplied from the right there. */
export const huggingFaceVisionNames: NamingScheme = {
  target(fileName, config, place) {
    const language = /^(?:llm\.|model\.language_(?=model\.))(.+)$/.exec(fileName);
    if (language) return huggingFaceNames.target(language[1]!, config, place);
    const name = fileName.replace(/^model\.vision_tower\./, 'vpm.').replace(/^model\.(?=merger\.)/, '');
    if (isUnused(name, config)) return null;
    const layer = /^vpm\.(?:blocks|encoder\.layers)\.(\d{1,4})\.(.+)$/.exec(name);
    return (
      visionName(name, HUGGING_FACE_WHOLE, HUGGING_FACE_PARTS, layer, { ...TIMM_LAYER, ...NAVIT_LAYER }) ??
      huggingFaceNames.target(name, config, place)
    );
  },
  hasInterleavedHeads: () => false,
  isTransposed: (target) => target === 'resampler.proj',
  adjustment: huggingFaceNames.adjustment!,
};

/** Tensor names of a language model in GGUF and of the mmproj file beside it. */
export const ggufVisionNames: NamingScheme = {
  target(name, config, place) {
    // Sines of the grid of one size of tile: computed for every tile instead.
    if (name === 'resampler.pos_embed_k' || isUnused(name, config)) return null;
    const layer = /^v\.blk\.(\d{1,4})\.(.+)$/.exec(name);
    return visionName(name, GGUF_WHOLE, GGUF_PARTS, layer, GGUF_LAYER) ?? ggufNames.target(name, config, place);
  },
  hasInterleavedHeads: (target) => !isVisionTensor(target) && ggufNames.hasInterleavedHeads(target),
};

/** Some checkpoints keep a table that the model does not add to its queries, or a merger that its mode does without. */
function isUnused(name: string, { vision }: ModelConfig): boolean {
  if (!vision) return false;
  if (name.startsWith('vpm.vit_merger.')) return vision.version === '4.6' && vision.insertLayer === null;
  return name === 'resampler.pos_embed' && !hasQueryPositions(vision.version);
}

function visionName(
  name: string,
  whole: Readonly<Record<string, string>>,
  parts: Readonly<Record<string, string>>,
  layer: RegExpExecArray | null,
  layerParts: Readonly<Record<string, string>>,
): string | null {
  if (Object.hasOwn(whole, name)) return whole[name]!;
  const [, stem, kind] = /^(.+)\.(weight|bias)$/.exec(layer ? layer[2]! : name) ?? [];
  const names = layer ? layerParts : parts;
  if (stem === undefined || !Object.hasOwn(names, stem)) return null;
  const start = layer ? `vision.layers.${Number(layer[1])}.` : '';
  return `${start}${names[stem]!}${kind === 'bias' ? 'Bias' : ''}`;
}
