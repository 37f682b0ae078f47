/** Scratch memory that programs share: their runs follow each other, so one program's scratch is another's. */
export class ActivationPool<Memory extends { readonly byteLength: number; destroy(): void }> {
  readonly #create: (byteLength: number) => Memory;
  readonly #entries: { memory: Memory; users: number }[] = [];

  constructor(create: (byteLength: number) => Memory) {
    this.#create = create;
  }

  /**
   * Distinct memories of at least the given sizes: those already there where they fit, else new ones. Where one cannot
   * be made, the others are given back and the error is passed on. New ones are shared from this moment on: where a device
   * tells later that it had no room, nothing may be acquired before they are released.
   */
  acquire(sizes: readonly number[]): Memory[] {
    const taken = new Set<Memory>();
    try {
      return this.#take(sizes, taken);
    } catch (error) {
      this.release([...taken]);
      throw error;
    }
  }

  /** Gives back what `acquire` returned; memory that nobody uses is destroyed. */
  release(memories: readonly Memory[]): void {
    for (const memory of memories) {
      const index = this.#entries.findIndex((entry) => entry.memory === memory);
      const entry = this.#entries[index];
      if (!entry || --entry.users > 0) continue;
      memory.destroy();
      this.#entries.splice(index, 1);
    }
  }

  #take(sizes: readonly number[], taken: Set<Memory>): Memory[] {
    const result: Memory[] = [];
    // Largest first, so that a small request does not take the only memory that fits a large one.
    const order = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]!);
    for (const i of order) {
      const fitting = this.#entries
        .filter(({ memory }) => memory.byteLength >= sizes[i]! && !taken.has(memory))
        .sort((a, b) => a.memory.byteLength - b.memory.byteLength)[0];
      const entry = fitting ?? { memory: this.#create(sizes[i]!), users: 0 };
      if (!fitting) this.#entries.push(entry);
      entry.users++;
      taken.add(entry.memory);
      result[i] = entry.memory;
    }
    return result;
  }
}
