import { linearGrid, workgroupsFor, type Grid } from '../gpu/grid';
import { bindKernel, type Kernel, type Launch } from '../gpu/kernel';
import type { GpuBackend } from '../ops/gpuBackend';
import type { GpuBuffer } from '../ops/gpuBuffer';
import copyText from './copy.wgsl?raw';
import multiplyAddText from './multiplyAdd.wgsl?raw';

/** More than any cache holds, and what one binding may be at WebGPU's default limits. */
const COPY_BYTES = 128 * 1024 * 1024;
const COPY_KERNEL: Kernel = {
  name: 'copy',
  sources: [{ file: 'copy.wgsl', text: copyText }],
  bindings: ['read-only-storage', 'storage'],
};
/** Invocations of a workgroup of either kernel. */
const WORKGROUP_SIZE = 256;

const PEAK_WORKGROUPS = 2048;
const PEAK_ITERATIONS = 128;
const OPERATIONS_PER_ITERATION = 128;
const PEAK_KERNEL: Kernel = {
  name: 'multiplyAdd',
  sources: [{ file: 'multiplyAdd.wgsl', text: multiplyAddText }],
  bindings: ['storage'],
};

/** Long enough that handing over the work does not count, short enough that no screen freezes. */
const SECONDS_PER_SUBMISSION = 0.1;
const REPEATS = 5;
/** Dispatches of one submission grow by this factor at most. */
const GROWTH = 16;

/**
 * Bytes per second that a copy kernel reads and writes together, in units of 10⁹. Throws OutOfMemoryError; the backend
 * stays usable.
 */
export async function measureCopy(backend: GpuBackend): Promise<number> {
  const sizes = { original: COPY_BYTES, copied: COPY_BYTES };
  const grid = linearGrid(workgroupsFor(COPY_BYTES / 16, WORKGROUP_SIZE));
  const launch = { kernel: COPY_KERNEL, constants: {}, grid: () => grid };
  const seconds = await secondsPerDispatch(backend, launch, grid, sizes);
  return (2 * COPY_BYTES) / seconds / 1e9;
}

/** f32 multiplications and additions per second, in units of 10⁹. Throws OutOfMemoryError; the backend stays usable. */
export async function measurePeak(backend: GpuBackend): Promise<number> {
  const invocations = PEAK_WORKGROUPS * WORKGROUP_SIZE;
  const grid: Grid = [PEAK_WORKGROUPS, 1, 1];
  const launch = { kernel: PEAK_KERNEL, constants: { ITERATIONS: PEAK_ITERATIONS }, grid: () => grid };
  const seconds = await secondsPerDispatch(backend, launch, grid, { out: invocations * 4 });
  return (invocations * PEAK_ITERATIONS * OPERATIONS_PER_ITERATION) / seconds / 1e9;
}

/** The best of several submissions, with buffers of so many bytes, which are there meanwhile, in the order of the bindings. */
async function secondsPerDispatch(
  backend: GpuBackend,
  launch: Launch,
  grid: Grid,
  sizes: Record<string, number>,
): Promise<number> {
  const make = () => Object.entries(sizes).map(([label, bytes]) => backend.createBuffer(label, bytes));
  const free = (buffers: GpuBuffer[]) => buffers.forEach((buffer) => buffer.destroy());
  const buffers = await backend.allocate(make, free);
  try {
    const compiled = await backend.compileKernel(launch);
    const resources = buffers.map(({ handle }) => ({ buffer: handle }));
    const bindGroup = bindKernel(backend.device, launch.kernel, compiled, resources);
    const run = (count: number) => timeSubmission(backend, compiled.pipeline, bindGroup, grid, count);
    let count = 1;
    let seconds = await run(count);
    while (seconds < SECONDS_PER_SUBMISSION) {
      count *= Math.max(2, Math.min(GROWTH, Math.ceil(SECONDS_PER_SUBMISSION / seconds)));
      seconds = await run(count);
    }
    for (let repeat = 1; repeat < REPEATS; repeat++) seconds = Math.min(seconds, await run(count));
    return seconds / count;
  } finally {
    free(buffers);
  }
}

async function timeSubmission(
  backend: GpuBackend,
  pipeline: GPUComputePipeline,
  bindGroup: GPUBindGroup,
  grid: Grid,
  count: number,
): Promise<number> {
  const started = performance.now();
  const encoder = backend.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  for (let i = 0; i < count; i++) pass.dispatchWorkgroups(...grid);
  pass.end();
  backend.device.queue.submit([encoder.finish()]);
  await backend.flush();
  return (performance.now() - started) / 1000;
}
