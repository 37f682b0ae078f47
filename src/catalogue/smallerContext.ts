import type { ModelInfo } from '../../workers/protocol/model';

/** Fewer tokens make no conversation. */
const LEAST_CONTEXT = 128;
/** What the engine takes where nothing was chosen. */
const DEFAULT_CONTEXT = 4096;

/** Half the context that a model is opened with, which halves its cache; null where that would be too little. */
export function smallerContext({ contextLength }: ModelInfo, chosen: number | undefined): number | null {
  const half = Math.floor(Math.min(chosen ?? DEFAULT_CONTEXT, contextLength) / 2);
  return half >= LEAST_CONTEXT ? half : null;
}

/** The largest stored model that takes clearly less memory than this one; null where there is none. */
export function smallerModel(model: ModelInfo, models: readonly ModelInfo[]): ModelInfo | null {
  const smaller = models.filter(({ bytes, hasTokenizer }) => hasTokenizer && bytes < 0.8 * model.bytes);
  return smaller.reduce<ModelInfo | null>((best, other) => (best && best.bytes > other.bytes ? best : other), null);
}
