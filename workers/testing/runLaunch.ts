import type { Launch } from '../gpu/kernel';
import { bindKernel, KernelCompiler } from '../gpu/kernel';
import { STEP_BYTES } from '../kernels/shared/step';

type Words = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** Bytes behind each writable binding that a kernel must leave alone. */
const GUARD_BYTES = 256;
const GUARD_VALUE = 0xa5;

const compilers = new WeakMap<GPUDevice, KernelCompiler>();

/**
 * Runs one dispatch with the given contents of bindings 1, 2, … and updates the writable ones in place. Without a step,
 * the contents are those of bindings 0, 1, … It is launched for one row more than the step has, which must be left alone.
 * Each buffer is as long as its contents, bar the guard behind writable ones. Throws where a guard was touched.
 */
export async function runLaunch(
  device: GPUDevice,
  launch: Launch,
  step: { position?: number; rows: number } | null,
  operands: Words[],
): Promise<void> {
  const compiler = compilers.get(device) ?? new KernelCompiler(device);
  compilers.set(device, compiler);
  const compiled = await compiler.compile(launch);
  const { position = 0, rows } = step ?? { rows: 0 };
  const steps = step ? [stepBuffer(device, position, rows)] : [];
  const buffers = operands.map((contents) => uploaded(device, contents));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(compiled.pipeline);
  const resources = [...steps, ...buffers].map((buffer) => ({ buffer }));
  pass.setBindGroup(0, bindKernel(device, launch.kernel, compiled, resources));
  pass.dispatchWorkgroups(...launch.grid(rows + 1, position + rows + 1));
  pass.end();
  device.queue.submit([encoder.finish()]);
  for (const [i, contents] of operands.entries()) {
    if (launch.kernel.bindings[i + steps.length] === 'storage')
      await download(device, buffers[i]!, contents, launch.kernel.name);
  }
}

function stepBuffer(device: GPUDevice, position: number, rows: number): GPUBuffer {
  const buffer = device.createBuffer({ size: STEP_BYTES, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, new Uint32Array([position, rows]));
  return buffer;
}

function uploaded(device: GPUDevice, contents: Words): GPUBuffer {
  const bytes = new Uint8Array(contents.byteLength + GUARD_BYTES).fill(GUARD_VALUE);
  bytes.set(new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength));
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size: bytes.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, bytes);
  return buffer;
}

async function download(device: GPUDevice, buffer: GPUBuffer, into: Words, name: string): Promise<void> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = new Uint8Array(staging.getMappedRange().slice(0));
  new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes.subarray(0, into.byteLength));
  if (bytes.subarray(into.byteLength).some((byte) => byte !== GUARD_VALUE)) {
    throw new Error(`${name} wrote behind the end of a binding`);
  }
}
