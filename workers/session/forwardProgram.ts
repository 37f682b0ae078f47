import { forward, type MiniCpm } from '../model/minicpm';
import type { Backend, Program, Step } from '../ops/backend';
import { Ops, type FeatureRows, type LayerMemory } from '../ops/graph';

/** What programs of the forward pass are made of. */
export interface ForwardParts {
  backend: Backend;
  model: MiniCpm;
  /** What each layer keeps. */
  memory: LayerMemory[];
}

/** Records and compiles the forward pass for steps of up to `capacity` tokens. */
export function compileForward(
  { backend, model, memory }: ForwardParts,
  capacity: number,
  positions: 'last' | 'all',
  features: FeatureRows | null = null,
): Promise<Program> {
  const ops = new Ops(capacity);
  return backend.compile(ops.graph(forward(ops, model, memory, positions, features)));
}

/** Rows of logits of one step, without the padding of the output. [rows, vocabSize] */
export async function runForLogits(
  program: Program,
  step: Step,
  rows: number,
  vocabSize: number,
): Promise<Float32Array<ArrayBuffer>> {
  const padded = await program.run(step, rows);
  const width = padded.length / rows;
  if (rows === 1) return padded.subarray(0, vocabSize);
  const logits = new Float32Array(rows * vocabSize);
  for (let row = 0; row < rows; row++) {
    logits.set(padded.subarray(row * width, row * width + vocabSize), row * vocabSize);
  }
  return logits;
}
