import { engineError } from '../errors';
import type { GgmlType } from '../quant/ggml';
import type { ModelConfig } from './modelConfig';
import type { Adjustment, NamingScheme } from './names';
import { requiredTensors } from './names';
import type { QuantizedParts } from './quantizedTensors';

/** A tensor as its file describes it. */
export interface FileTensor {
  name: string;
  /** Outermost dimension first. */
  shape: number[];
  type: GgmlType;
  /** Index of its file among the checkpoint's weight files. */
  file: number;
  /** From the start of the file. */
  offset: number;
  bytes: number;
  /** Of a matrix that is put together from several tensors, these; `type` is what it is put together to. */
  assembly?: Assembly;
}

/** A matrix that was quantised in several tensors. */
export interface Assembly {
  parts: QuantizedParts;
  /** The group of each column; null for one after the other. */
  groups: Int32Array | null;
  /** The bytes from `offset` up to here are read in the order of the file, and other parts beside it. */
  end: number;
}

/** A tensor of the model and where its data is. */
export interface SourceTensor extends FileTensor {
  /** Our name: see names.ts. `name` stays the file's, for messages. */
  target: string;
  shape: [number, number] | [number];
  /** Whether each head's rows alternate between its two halves, as GGUF's converter leaves q and k. */
  hasInterleavedHeads: boolean;
  /** Whether the file holds its columns where it has rows here. */
  isTransposed?: boolean;
  /** Of a vector, what its numbers go through. */
  adjustment?: Adjustment;
}

/**
 * The tensors of the model in the order of the files, each with the shape that `config` calls for.
 * `fileNames` are for messages. Throws InvalidFileError for a missing, doubled, unexpected or wrongly shaped tensor.
 */
export function tensorTable(
  tensors: FileTensor[],
  config: ModelConfig,
  scheme: NamingScheme,
  fileNames: string[],
): SourceTensor[] {
  const required = requiredTensors(config);
  const table = new Map<string, SourceTensor>();
  for (const tensor of tensors) {
    const place = `${fileNames[tensor.file]}, tensor "${tensor.name}"`;
    const target = scheme.target(tensor.name, config, place);
    if (target === null) continue;
    const wanted = required.get(target);
    if (!wanted) throw invalid(place, `a model of ${config.numLayers} layers has no such tensor`);
    if (table.has(target)) throw invalid(place, `it stands in for "${table.get(target)!.name}", which is there too`);
    const isTransposed = scheme.isTransposed?.(target) ?? false;
    checkShape(tensor, isTransposed ? wanted.toReversed() : wanted, place);
    const hasInterleavedHeads = scheme.hasInterleavedHeads(target);
    const adjustment = scheme.adjustment?.(target, config);
    table.set(target, {
      ...tensor,
      shape: wanted,
      target,
      hasInterleavedHeads,
      ...(isTransposed && { isTransposed }),
      ...(adjustment && { adjustment }),
    });
  }
  for (const target of required.keys()) {
    if (!table.has(target)) throw invalid(fileNames.join(', '), `the tensor for ${target} is missing`);
  }
  return [...table.values()].sort((a, b) => a.file - b.file || a.offset - b.offset);
}

function checkShape({ shape, type }: FileTensor, wanted: number[], place: string): void {
  const isSame = shape.length === wanted.length && shape.every((size, i) => size === wanted[i]);
  if (!isSame)
    throw invalid(place, `it has the shape [${shape.join(', ')}] where the model needs [${wanted.join(', ')}]`);
  const columns = shape.at(-1)!;
  if (columns % type.blockSize !== 0) {
    throw invalid(place, `rows of ${columns} do not fit ${type.name}, which has blocks of ${type.blockSize}`);
  }
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}
