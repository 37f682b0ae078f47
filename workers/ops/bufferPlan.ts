import type { RunGraph } from './fusedOps';
import type { Tensor } from './graph';
import { opInputs, opOutputs } from './opTensors';

/** Which tensors share which memory. */
export interface BufferPlan {
  /** Bytes of each slot. */
  slotBytes: number[];
  /** Slot of each tensor, by tensor id. */
  slotOf: Map<number, number>;
}

/** Bytes of a tensor with all its rows. */
export function tensorBytes(tensor: Tensor): number {
  return tensor.rows * tensor.width * 4;
}

/**
 * Gives every activation of a graph a slot of memory, by linear scan over the ops in order: a slot is free again after
 * the last op that reads it, so an op's output never shares a slot with its inputs. The graph's output has a slot of its
 * own, the last one, because it is read after the run. Throws RangeError for an op that reads what no op wrote before.
 */
export function planBuffers(graph: RunGraph): BufferPlan {
  const lastUse = new Map<number, number>();
  graph.ops.forEach((op, index) => {
    for (const tensor of opInputs(op)) lastUse.set(tensor.id, index);
  });
  const slots = new Slots();
  const slotOf = new Map<number, number>();
  graph.ops.forEach((op, index) => {
    // Inputs of the graph have memory of their own.
    const inputs = [...new Set(opInputs(op))].filter(({ memory }) => memory === undefined);
    const missing = inputs.find(({ id }) => id !== graph.output.id && !slotOf.has(id));
    if (missing) throw new RangeError(`op ${index} (${op.kind}) reads tensor ${missing.id}, which no op wrote before`);
    // Several ops may fill parts of one tensor.
    const outs = opOutputs(op).filter(({ id }) => id !== graph.output.id && !slotOf.has(id));
    for (const out of outs) slotOf.set(out.id, slots.take(tensorBytes(out)));
    for (const { id } of inputs) {
      if (lastUse.get(id) === index && id !== graph.output.id) slots.free(slotOf.get(id)!);
    }
    for (const { id } of outs) {
      if (!lastUse.has(id)) slots.free(slotOf.get(id)!);
    }
  });
  slotOf.set(graph.output.id, slots.bytes.length);
  return { slotBytes: [...slots.bytes, tensorBytes(graph.output)], slotOf };
}

class Slots {
  readonly bytes: number[] = [];
  readonly #free = new Set<number>();

  /** The smallest free slot that is large enough, else the largest one grown, else a new one. */
  take(bytes: number): number {
    const bySize = [...this.#free].sort((a, b) => this.bytes[a]! - this.bytes[b]!);
    const slot = bySize.find((free) => this.bytes[free]! >= bytes) ?? bySize.at(-1) ?? this.bytes.length;
    this.bytes[slot] = Math.max(this.bytes[slot] ?? 0, bytes);
    this.#free.delete(slot);
    return slot;
  }

  free(slot: number): void {
    this.#free.add(slot);
  }
}
