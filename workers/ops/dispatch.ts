import type { Grid } from '../gpu/grid';
import { bindKernel, type CompiledKernel, type Launch } from '../gpu/kernel';

/** A dispatch with everything it needs, so that a step only encodes. */
export interface PreparedDispatch {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  grid: (rows: number, keys: number) => Grid;
}

/** Binds a compiled launch to its memory, in the order of its kernel's bindings. */
export function prepareDispatch(
  device: GPUDevice,
  { kernel, grid }: Launch,
  compiled: CompiledKernel,
  resources: readonly GPUBufferBinding[],
): PreparedDispatch {
  return { pipeline: compiled.pipeline, bindGroup: bindKernel(device, kernel, compiled, resources), grid };
}

/** Encodes a dispatch for so many activation rows and cached keys, unless it has nothing to do; how many it encoded. */
export function encodeDispatch(
  pass: GPUComputePassEncoder,
  { pipeline, bindGroup, grid }: PreparedDispatch,
  rows: number,
  keys: number,
): 0 | 1 {
  const workgroups = grid(rows, keys);
  if (workgroups.includes(0)) return 0;
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
  return 1;
}
