import type { ImportRequest } from '../protocol/importing';
import type { ModelInfo } from '../protocol/model';
import type { SourceInfo } from '../protocol/source';
import { thinkingOf } from '../tokenizer/thinking';
import type { Checkpoint } from './checkpoint';
import { modelFamily } from './modelFamily';
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
    family: modelFamily(config, modelName),
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
