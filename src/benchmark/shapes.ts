import type { BenchmarkShapeName } from '../../workers/protocol/benchmark';
import type { Diagnostics } from '../../workers/protocol/diagnostics';

export interface ShapeFacts {
  name: BenchmarkShapeName;
  /** The model of these sizes, where it has a name of its own. */
  model: string | null;
  /** Memory of the benchmark with its longest text on a GPU, about: what its report says. */
  memoryBytes: number;
}

/** Smallest first. */
export const SHAPES: readonly ShapeFacts[] = [
  { name: 'nano', model: null, memoryBytes: 10.2e6 },
  { name: '0.3B', model: null, memoryBytes: 0.24e9 },
  { name: '1B', model: 'MiniCPM5-1B', memoryBytes: 0.75e9 },
  { name: '2B', model: 'MiniCPM-2B', memoryBytes: 3.17e9 },
];

/** Whether weights of this shape take so long to make up that it has to be said beforehand. */
export function isLarge(shape: BenchmarkShapeName): boolean {
  return SHAPES.find(({ name }) => name === shape)!.memoryBytes > LARGE_BYTES;
}
const LARGE_BYTES = 0.5e9;

/** Of the memory that the browser tells of, what the benchmark may take: the system and the page need theirs. */
const SHARE_OF_MEMORY = 0.5;
/** Taken for those browsers that tell nothing, by kind of device. */
const UNTOLD_MEMORY = { handheld: 2e9, desk: 4e9 };
/** A handheld shares its memory between everything, and closes pages that take much. */
const MOST_ON_HANDHELD = 1e9;

/** The largest shape that a device takes without strain; the smallest where there is no GPU. */
export function defaultShape(
  { backend, isSoftwareAdapter, deviceMemoryGiB }: Diagnostics,
  isHandheld: boolean,
): BenchmarkShapeName {
  const smallest = SHAPES[0]!.name;
  if (backend === 'cpu' || isSoftwareAdapter) return smallest;
  const memory = deviceMemoryGiB === null ? UNTOLD_MEMORY[isHandheld ? 'handheld' : 'desk'] : deviceMemoryGiB * 2 ** 30;
  const room = Math.min(memory * SHARE_OF_MEMORY, isHandheld ? MOST_ON_HANDHELD : Infinity);
  return SHAPES.findLast(({ memoryBytes }) => memoryBytes <= room)?.name ?? smallest;
}
