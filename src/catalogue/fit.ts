import { kvCacheBytes } from '../../workers/memory/kvCacheBytes';
import { cachedLayers, kvCacheFormat } from '../../workers/memory/kvCacheFormat';
import { recurrentStateBytes } from '../../workers/memory/recurrentStateBytes';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { ModelShape } from './entry';

/** What a device has for a model, as far as its browser tells. */
export interface DeviceRoom {
  /** The largest buffer that a kernel can read. */
  mostBufferBytes: number;
  /** What weights and cache may take together. */
  memoryBytes: number;
  /** False where there may be more: browsers tell of some memory only, or of none. */
  isMemoryKnown: boolean;
  /** Room for stored models; null where the browser does not tell. */
  freeBytes: number | null;
  /** True where a processor computes, which takes minutes for models that a GPU answers with in seconds. */
  isSlow: boolean;
}

/** A checkpoint, as far as its memory goes. */
export interface SizedCheckpoint {
  shape: ModelShape;
  maxContext: number;
  storedBytes: number;
}

/**
 * Whether a checkpoint fits at a context. 'tight' fits with a shorter context; of 'unsure' it is not known whether there is
 * as much memory; 'no-storage' lacks room on the disk, 'no-memory' fits at no context of use: of the device's memory a
 * model may take `roomBytes`.
 */
export type Verdict =
  | { kind: 'fits' }
  | { kind: 'tight'; context: number }
  | { kind: 'unsure'; memoryBytes: number }
  | { kind: 'no-storage'; missingBytes: number }
  | { kind: 'no-memory'; memoryBytes: number; roomBytes: number };

/** Of the memory that there is, what a model may take: the system and other pages need theirs. */
const SHARE_OF_MEMORY = 0.5;
/** Taken for browsers that tell nothing, by kind of device. */
const UNTOLD_MEMORY = { handheld: 4e9, desk: 8e9 };
/** Of so much, many browsers tell where there is more, too. */
const AMBIGUOUS_GIB = 8;
/** Systems of handhelds close pages that take more, whatever there is. */
const MOST_ON_HANDHELD = 2.5e9;
/** Activations, logits and rotation tables, which are small beside weights. */
const WORKING_BYTES = 60e6;
/** Storage keeps its own books beside the bytes. */
const STORAGE_SHARE = 1.03;
/** A shorter context is of little use. */
const LEAST_CONTEXT = 512;
const CONTEXT_STEP = 256;
/** The context that the page asks for where nobody chose one. */
export const USUAL_CONTEXT = 4096;

/** What the device has for a model; `isHandheld` is told by its pointer. */
export function deviceRoom(diagnostics: Diagnostics, isHandheld: boolean): DeviceRoom {
  const { backend, isSoftwareAdapter, limits, deviceMemoryGiB, storage } = diagnostics;
  const told = deviceMemoryGiB === null ? UNTOLD_MEMORY[isHandheld ? 'handheld' : 'desk'] : deviceMemoryGiB * 2 ** 30;
  const share = told * SHARE_OF_MEMORY;
  return {
    mostBufferBytes: Math.min(limits.maxStorageBufferBindingSize ?? Infinity, limits.maxBufferSize ?? Infinity),
    memoryBytes: isHandheld ? Math.min(MOST_ON_HANDHELD, share) : share,
    isMemoryKnown: deviceMemoryGiB !== null && deviceMemoryGiB !== AMBIGUOUS_GIB,
    freeBytes: storage && Math.max(0, storage.quotaBytes - storage.usedBytes),
    isSlow: backend === 'cpu' || isSoftwareAdapter,
  };
}

/** Device memory of weights, cache, states and work at a context; null where a layer's keys are larger than any buffer. */
export function memoryNeed(
  { shape, storedBytes }: SizedCheckpoint,
  contextLength: number,
  mostBufferBytes: number,
): number | null {
  const info = { quantization: 'auto', bytes: storedBytes } as const;
  const format = kvCacheFormat({ config: shape, info }, contextLength, mostBufferBytes);
  const keysBytes = kvCacheBytes(format, shape.numKvHeads, contextLength, shape.headDim);
  if (keysBytes > mostBufferBytes) return null;
  const cached = cachedLayers(shape);
  const stateBytes = shape.hybrid ? (shape.numLayers - cached) * recurrentStateBytes(shape.hybrid.delta) : 0;
  return storedBytes + 2 * cached * keysBytes + stateBytes + WORKING_BYTES;
}

/** The longest context, in steps of 256 tokens, that the device has memory for; 0 for none. */
export function longestContext(checkpoint: SizedCheckpoint, room: DeviceRoom): number {
  // No context is short enough where weights and work alone take more.
  if (checkpoint.storedBytes + WORKING_BYTES > room.memoryBytes) return 0;
  // A cache that grows changes to a smaller format at some point: from the longest on, the first that fits is meant.
  for (let steps = Math.floor(checkpoint.maxContext / CONTEXT_STEP); steps > 0; steps--) {
    if (isRoomFor(checkpoint, steps * CONTEXT_STEP, room)) return steps * CONTEXT_STEP;
  }
  return 0;
}

function isRoomFor(checkpoint: SizedCheckpoint, contextLength: number, room: DeviceRoom): boolean {
  const bytes = memoryNeed(checkpoint, contextLength, room.mostBufferBytes);
  return bytes !== null && bytes <= room.memoryBytes;
}

/** Whether the device has the room that a checkpoint needs to be stored, and to be loaded with a context. */
export function judge(checkpoint: SizedCheckpoint, contextLength: number, room: DeviceRoom): Verdict {
  const missingBytes = checkpoint.storedBytes * STORAGE_SHARE - (room.freeBytes ?? Infinity);
  if (missingBytes > 0) return { kind: 'no-storage', missingBytes };
  const wanted = Math.min(contextLength, checkpoint.maxContext);
  if (isRoomFor(checkpoint, wanted, room)) return { kind: 'fits' };
  const longest = longestContext(checkpoint, room);
  if (longest >= wanted) return { kind: 'fits' };
  if (longest >= LEAST_CONTEXT) return { kind: 'tight', context: longest };
  const least = memoryNeed(checkpoint, LEAST_CONTEXT, room.mostBufferBytes);
  const memoryBytes = least ?? checkpoint.storedBytes;
  // Twice as much as there seems to be at least is a good deal more than any guess is off.
  const mayBeThere = !room.isMemoryKnown && least !== null && least <= 2 * room.memoryBytes;
  return mayBeThere ? { kind: 'unsure', memoryBytes } : { kind: 'no-memory', memoryBytes, roomBytes: room.memoryBytes };
}

const CONTEXTS = [1024, 2048, 4096, 8192, 16_384, 32_768];

/** The contexts to choose from: what the model was made for, as far as the device has memory for it. */
export function contextChoices(checkpoint: SizedCheckpoint, room: DeviceRoom): number[] {
  const longest = Math.max(longestContext(checkpoint, room), LEAST_CONTEXT);
  const choices = CONTEXTS.filter((context) => context <= Math.min(checkpoint.maxContext, longest));
  // Where memory is what ends it, all of it can be had.
  return longest < USUAL_CONTEXT && !choices.includes(longest) ? [...choices, longest] : choices;
}
