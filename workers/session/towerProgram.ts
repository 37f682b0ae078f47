import { kvCacheBytes } from '../memory/kvCacheBytes';
import type { Backend, Program, Step } from '../ops/backend';
import type { DeviceBuffer, LayerCache } from '../ops/graph';
import type { SubmissionPace } from './submissionPace';
import { Submissions } from './submissions';

/** Keys and values of a tile, which pass from one op to the next. */
export function towerCache(
  backend: Backend,
  label: string,
  capacity: number,
  numKvHeads: number,
  headDim: number,
): LayerCache {
  const bytes = kvCacheBytes('f32', numKvHeads, capacity, headDim);
  const keys = backend.createBuffer(`${label} keys`, bytes);
  const values = backend.createBuffer(`${label} values`, bytes);
  return { format: 'f32', capacity, numKvHeads, headDim, keys, values };
}

/** Computes a step in submissions so short that others get their turn; between them `throwIfStopped` is called. */
export async function runInParts(
  backend: Backend,
  program: Program,
  step: Step,
  pace: SubmissionPace,
  throwIfStopped: () => void,
): Promise<void> {
  const submissions = new Submissions(backend);
  const parts = program.parts(step, () => pace.operations);
  await submissions.run(parts, { part: (ms, operations) => pace.took(ms, operations) }, throwIfStopped);
  await submissions.drain();
}

/** Writes a whole array to the beginning of a buffer. */
export function writeFloats(backend: Backend, buffer: DeviceBuffer, values: Float32Array<ArrayBuffer>): void {
  backend.write(buffer, 0, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
