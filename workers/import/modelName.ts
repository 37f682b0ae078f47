import type { ModelConfig } from '../checkpoint/modelConfig';
import type { SourceTensor } from '../checkpoint/tensorTable';
import { modelFamily } from './modelFamily';

/** Words that any file or folder of weights may be called by, and families without a number. */
const COMMON = new Set(
  [
    'checkpoint checkpoints ckpt config data downloads download export exported file files final folder gguf ggml hf huggingface',
    'int4 int8 f16 bf16 fp16 f32 llama main master merged minicpm model models new of openbmb output outputs pytorch',
    'resolve result results safetensors snapshot snapshots step temp tmp transformers untitled weights workspace',
    '下载 新建文件夹 模型',
  ].flatMap((words) => words.split(' ')),
);

/**
 * What to call a model: the first of `candidates`, best first, that says more than every model's file does, else its family
 * and its size, such as 'MiniCPM 2.7B'.
 */
export function modelName(
  candidates: readonly (string | null)[],
  config: ModelConfig,
  tensors: readonly SourceTensor[],
): string {
  const telling = candidates.find((name) => name !== null && isTelling(name));
  return telling?.trim() ?? `${modelFamily(config, '')} ${sizeOf(tensors)}`;
}

/**
 * False for 'ggml-model-Q4_K_M', 'checkpoint-1200', 'LLaMA v2' and the commits that hubs keep downloads under; true for
 * 'MiniCPM-V-4_6', whose V tells.
 */
function isTelling(name: string): boolean {
  const words = name
    .toLowerCase()
    .replace(/\bi?q\d\w*$/, '')
    .split(/[^\p{L}\p{N}]+/u);
  return !words.every((word) => COMMON.has(word) || /^(v?\d+|[0-9a-f]{32,})?$/.test(word));
}

function sizeOf(tensors: readonly SourceTensor[]): string {
  const count = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const [unit, letter] = count >= 1e9 ? [1e9, 'B'] : [1e6, 'M'];
  return `${Number((count / unit).toFixed(count >= 10 * unit ? 0 : 1))}${letter}`;
}
