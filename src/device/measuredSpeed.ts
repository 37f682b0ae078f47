import { typicalWriting } from '../benchmark/meaning';
import type { Message } from '../chat/message';
import type { BenchmarkShapeReport } from '../../workers/protocol/benchmark';

/** A speed of writing that was measured on this device. */
export interface MeasuredSpeed {
  tokensPerSecond: number;
  basis: 'benchmark' | 'answer';
}

/** Of the last benchmark, else of the last answer that has a speed; null where nothing was measured. */
export function measuredSpeed(shape: BenchmarkShapeReport | null, messages: readonly Message[]): MeasuredSpeed | null {
  const writing = shape && typicalWriting(shape);
  if (writing) return { tokensPerSecond: writing.tokensPerSecond, basis: 'benchmark' };
  const speeds = messages.map((message) => (message.role === 'assistant' ? message.usage?.tokens_per_second : null));
  const last = speeds.findLast((speed) => speed);
  return last ? { tokensPerSecond: last, basis: 'answer' } : null;
}
