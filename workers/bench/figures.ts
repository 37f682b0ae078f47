import type { ModelConfig } from '../checkpoint/modelConfig';
import type { BenchmarkCase, BenchmarkFigures, BenchmarkShapeReport } from '../protocol/benchmark';
import type { Run } from './measureCase';
import { cacheBytesRead, decodeOperations, prefillOperations } from './workload';

/** What this device was found to reach; null where it could not be measured. */
export interface DeviceRates {
  copyGigabytesPerSecond: number | null;
  peakGigaflops: number | null;
}

/** The figures of a case from its runs, of which there is one at least. */
export function figuresOf(
  config: ModelConfig,
  { kind, tokens }: Pick<BenchmarkCase, 'kind' | 'tokens'>,
  runs: readonly Run[],
  { weightBytesPerToken, kvCache }: Pick<BenchmarkShapeReport, 'weightBytesPerToken' | 'kvCache'>,
  rates: DeviceRates,
): BenchmarkFigures {
  const perRun = runs[0]!.tokens;
  const { counted } = runs[0]!;
  const seconds = median(runs.map((run) => run.seconds));
  // The n tokens of a run see tokens, …, tokens + n − 1 keys.
  const meanKeys = tokens + (perRun - 1) / 2;
  const operations =
    kind === 'prefill' ? prefillOperations(config, tokens) : perRun * decodeOperations(config, meanKeys);
  const bytesPerToken = kind === 'prefill' ? null : weightBytesPerToken + cacheBytesRead(config, kvCache, meanKeys);
  const gigabytesPerSecond = bytesPerToken === null ? null : (bytesPerToken * perRun) / seconds / 1e9;
  const gigaflops = operations / seconds / 1e9;
  return {
    state: 'measured',
    tokensPerSecond: perRun / seconds,
    spread: spread(runs.map((run) => run.seconds)),
    repeats: runs.length,
    firstTokenSeconds: median(runs.map((run) => run.firstTokenSeconds)),
    gigabytesPerSecond,
    shareOfBandwidth: shareOf(gigabytesPerSecond, rates.copyGigabytesPerSecond),
    gigaflops,
    shareOfPeak: shareOf(gigaflops, rates.peakGigaflops),
    dispatchesPerToken: counted.dispatches / perRun,
    submitsPerToken: counted.submits / perRun,
    readbacksPerToken: counted.readbacks / perRun,
    uploadedBytesPerToken: counted.uploadedBytes / perRun,
  };
}

/** Null where either is not known. */
export function shareOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null ? null : part / whole;
}

/** The middle value, or the mean of the middle two. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Largest minus smallest, over the median. */
export function spread(values: number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
