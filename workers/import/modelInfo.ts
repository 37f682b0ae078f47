import type { ModelConfig } from '../checkpoint/modelConfig';
import type { ImportRequest } from '../protocol/importing';
import type { ModelInfo } from '../protocol/model';
import type { SourceInfo } from '../protocol/source';
import { thinkingOf } from '../tokenizer/thinking';
import type { Checkpoint } from './checkpoint';
import type { PlannedTensor } from './plan';
import { storedBytes } from './plan';

/** What the page is told about an imported model. */
export function modelInfo(
  id: string,
  request: ImportRequest,
  source: SourceInfo,
  checkpoint: Checkpoint,
  plan: PlannedTensor[],
): ModelInfo {
  const { config, modelName } = checkpoint;
  return {
    id,
    name: modelName,
    family: family(config, modelName),
    architecture: config.architecture,
    parameters: plan.reduce((sum, { entry }) => sum + entry.shape.reduce((a, b) => a * b, 1), 0),
    bytes: plan.reduce((sum, { entry }) => sum + storedBytes(entry), 0),
    quantization: request.quantization,
    vocabSize: config.vocabSize,
    contextLength: config.maxPositions,
    vision: config.vision !== undefined,
    ...(config.vision?.image.isSinglePicture && { mostPictures: 1 }),
    source,
    licence: checkpoint.licence,
    hasTokenizer: checkpoint.tokenizer !== null,
    thinking: checkpoint.tokenizer && thinkingOf(checkpoint.tokenizer),
    sampling: checkpoint.sampling,
    importedAt: Date.now(),
    lastUsedAt: null,
  };
}

/** MiniCPM4 is MiniCPM with LongRoPE; MiniCPM5 is a plain Llama that only its name gives away. */
function family({ architecture, rope, vision }: ModelConfig, name: string): string {
  if (vision) return 'MiniCPM-V';
  if (architecture === 'qwen3.5') return 'Qwen3.5';
  if (architecture === 'minicpm') return rope.factors ? 'MiniCPM4' : 'MiniCPM';
  return /minicpm-?5/i.test(name) ? 'MiniCPM5' : 'Llama';
}
