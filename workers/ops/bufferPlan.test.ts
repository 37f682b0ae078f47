import { expect, test } from 'vitest';
import { planBuffers, tensorBytes } from './bufferPlan';
import { opInputs, opOutputs } from './opTensors';
import type { Graph, Matrix, Tensor, Vector } from './graph';
import { Ops } from './graph';

const buffer = { byteLength: 0, destroy: () => undefined };
const matrix = (rows: number, columns: number): Matrix => ({
  format: 'f32',
  rows,
  columns,
  shards: [{ rowStart: 0, rows, buffer }],
});
const vector = (length: number): Vector => ({ length, buffer });

/** Two gated MLP layers with residuals, and a head. */
function mlpGraph(capacity: number, layers: number): Graph {
  const ops = new Ops(capacity);
  let hidden = ops.embedding(matrix(50, 64), 1);
  for (let i = 0; i < layers; i++) {
    const normed = ops.rmsNorm(hidden, vector(64), 1e-5);
    const gated = ops.swiglu(ops.linear(normed, matrix(160, 64)), ops.linear(normed, matrix(160, 64)));
    hidden = ops.add(hidden, ops.linear(gated, matrix(64, 160)), 0.5);
  }
  return ops.graph(ops.linear(ops.lastRow(hidden), matrix(50, 64)));
}

/** Index of the op that writes a tensor, and of the last that reads it. */
function lifetimes({ ops, output }: Graph): Map<number, { tensor: Tensor; born: number; dies: number }> {
  const lives = new Map<number, { tensor: Tensor; born: number; dies: number }>();
  ops.forEach((op, index) => {
    for (const { id } of opInputs(op)) lives.get(id)!.dies = index;
    const [tensor] = opOutputs(op);
    if (tensor) lives.set(tensor.id, { tensor, born: index, dies: tensor.id === output.id ? Infinity : index });
  });
  return lives;
}

for (const [capacity, layers] of [
  [1, 1],
  [16, 2],
  [7, 5],
] as const) {
  test(`no two live tensors share a slot (capacity ${capacity}, ${layers} layers)`, () => {
    const graph = mlpGraph(capacity, layers);
    const { slotOf, slotBytes } = planBuffers(graph);
    const lives = [...lifetimes(graph).values()];
    for (const a of lives) {
      expect(slotBytes[slotOf.get(a.tensor.id)!]).toBeGreaterThanOrEqual(tensorBytes(a.tensor));
      for (const b of lives) {
        if (a === b || slotOf.get(a.tensor.id) !== slotOf.get(b.tensor.id)) continue;
        // An op reads its inputs while it writes its output, so lifetimes may not even touch.
        expect(a.dies < b.born || b.dies < a.born).toBe(true);
      }
    }
  });
}

test('memory does not grow with the number of layers', () => {
  const total = (layers: number) => planBuffers(mlpGraph(8, layers)).slotBytes.reduce((sum, bytes) => sum + bytes);
  expect(total(20)).toBe(total(2));
  expect(planBuffers(mlpGraph(8, 20)).slotBytes.length).toBeLessThanOrEqual(5);
});

test('the output has the last slot to itself', () => {
  const graph = mlpGraph(4, 2);
  const { slotOf, slotBytes } = planBuffers(graph);
  const slot = slotOf.get(graph.output.id)!;
  expect(slot).toBe(slotBytes.length - 1);
  expect([...slotOf.values()].filter((other) => other === slot)).toHaveLength(1);
});

test('a tensor that no op wrote is refused', () => {
  const graph = mlpGraph(4, 1);
  expect(() => planBuffers({ ...graph, ops: graph.ops.slice(1) })).toThrow(/op 0 \(rmsNorm\) reads tensor 0/);
});
