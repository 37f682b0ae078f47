import { MOST_STATE_COPIES } from '../memory/recurrentStateBytes';
import type { Backend } from '../ops/backend';
import type { DeviceBuffer, LayerMemory, RecurrentState } from '../ops/graph';

interface Snapshot {
  /** Tokens that the state had seen. */
  position: number;
  /** Whether it stands where the next prompt most likely departs from this one. */
  isBorder: boolean;
  buffers: DeviceBuffer[];
}

/**
 * The recurrent states of a model, and copies of them from earlier positions. Unlike keys and values, a state cannot be cut
 * back to what the first tokens left in it: to go on from an earlier position, it is restored from the copy nearest before.
 */
export class StateSnapshots {
  /** Tokens that the state has seen, those included that were computed ahead and that nobody took. */
  #position = 0;
  /** In the order of their positions. */
  #taken: Snapshot[] = [];
  readonly #free: DeviceBuffer[][];

  private constructor(
    private readonly backend: Backend,
    private readonly live: readonly DeviceBuffer[],
    copies: DeviceBuffer[][],
  ) {
    this.#free = copies;
  }

  /** Null for a model without recurrent states. Throws OutOfMemoryError. */
  static create(backend: Backend, memory: readonly LayerMemory[]): StateSnapshots | null {
    const states = memory.filter((layer): layer is RecurrentState => !('keys' in layer));
    if (states.length === 0) return null;
    const live = states.flatMap(({ memory, recent }) => [memory, recent]);
    const copies = Array.from({ length: MOST_STATE_COPIES }, () =>
      live.map(({ byteLength }) => backend.createBuffer('state snapshot', byteLength)),
    );
    return new StateSnapshots(backend, live, copies);
  }

  get position(): number {
    return this.#position;
  }

  /** Notes that the state has seen so many more tokens. */
  advance(tokens: number): void {
    this.#position += tokens;
  }

  /**
   * Brings the state back to where it has seen at most `position` tokens, as many as it can, and forgets what came later.
   * Returns how many. At position 0 the kernels begin anew, whatever the state holds.
   */
  rewind(position: number): number {
    while (this.#taken.length > 0 && this.#taken.at(-1)!.position > position)
      this.#free.push(this.#taken.pop()!.buffers);
    const last = this.#taken.at(-1);
    if (this.#position <= position && this.#position >= (last?.position ?? 0)) return this.#position;
    if (last) this.#copy(last.buffers, this.live);
    this.#position = last?.position ?? 0;
    return this.#position;
  }

  /**
   * Keeps a copy of the state as it will be when all that was submitted is computed; where it `isBorder`, until the next
   * that is one.
   */
  take(isBorder = false): void {
    const position = this.#position;
    if (position === 0 || this.#taken.at(-1)?.position === position) return;
    const buffers = this.#free.pop() ?? this.#dropped();
    this.#copy(this.live, buffers);
    this.#taken.push({ position, isBorder, buffers });
  }

  /** The buffers of the copy whose loss costs the fewest tokens: the one closest behind the one before it. */
  #dropped(): DeviceBuffer[] {
    const border = this.#taken.findLastIndex(({ isBorder }) => isBorder);
    const gaps = this.#taken.map(({ position }, i) =>
      i === border ? Infinity : position - (this.#taken[i - 1]?.position ?? 0),
    );
    const [dropped] = this.#taken.splice(gaps.indexOf(Math.min(...gaps)), 1);
    return dropped!.buffers;
  }

  #copy(sources: readonly DeviceBuffer[], targets: readonly DeviceBuffer[]): void {
    for (const [i, source] of sources.entries()) this.backend.copy(source, targets[i]!, 0, source.byteLength);
  }
}
