import { create, globals } from 'webgpu';

/** Gives tests in Node the WebGPU of Dawn over Vulkan: the driver is the one that VK_ICD_FILENAMES names. */

/** Dawn's objects for Node do not keep each other alive: an adapter that is collected takes its devices along. */
const alive: unknown[] = [];

const gpu = create(['backend=vulkan', 'enable-dawn-features=allow_unsafe_apis']);
const requestAdapter = gpu.requestAdapter.bind(gpu);
gpu.requestAdapter = async (...request) => {
  const adapter = await requestAdapter(...request);
  alive.push(adapter);
  return adapter;
};
Object.assign(globalThis, globals, { alive });
Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
