import { beforeEach, expect, test, vi } from 'vitest';
import { KernelCompiler, type Launch } from './kernel';

beforeEach(() => vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 }));

const LAUNCH: Launch = {
  kernel: { name: 'probe', sources: [{ file: 'probe.wgsl', text: '' }], bindings: [] },
  constants: {},
  grid: () => [1, 1, 1],
};

/** What a device refuses with; nothing where it does not. */
interface Refusals {
  information?: Error;
  scope?: Error;
  pipeline?: Error;
}

/** A device that refuses what it is to compile. `lose` tells of its loss, as browsers do, in a later task. */
function refusingDevice({ information, scope, pipeline }: Refusals) {
  let lose: () => void = () => undefined;
  const lost = new Promise((resolve) => {
    lose = () => void setTimeout(resolve, 5, { reason: 'unknown', message: 'the GPU process ended' });
  });
  const answer = <T>(refusal: Error | undefined, value: T) =>
    refusal ? Promise.reject(refusal) : Promise.resolve(value);
  const device = {
    lost,
    pushErrorScope: () => undefined,
    popErrorScope: () => answer(scope, null),
    createShaderModule: () => ({ getCompilationInfo: () => answer(information, { messages: [] }) }),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipelineAsync: () => answer(pipeline, {}),
  };
  return { device: device as unknown as GPUDevice, lose };
}

const operationError = () => new DOMException('instance dropped', 'OperationError');

test.each([
  ['pipeline', { pipeline: new Error('internal') }],
  ['messages', { information: operationError() }],
  ['error scope', { scope: operationError() }],
] as const)('a device that goes away over the %s of a kernel is lost, and refuses nothing', async (_, refusals) => {
  const { device, lose } = refusingDevice(refusals);
  const compiling = new KernelCompiler(device).compile(LAUNCH);
  lose();
  await expect(compiling).rejects.toMatchObject({ name: 'DeviceLostError' });
});

test.each([
  ['pipeline', { pipeline: new Error('too large') }, 'too large'],
  ['messages', { information: operationError() }, 'instance dropped'],
  ['error scope', { scope: operationError() }, 'instance dropped'],
] as const)('a device that stays and gives no %s of a kernel refuses it', async (_, refusals, reason) => {
  const compiling = new KernelCompiler(refusingDevice(refusals).device).compile(LAUNCH);
  await expect(compiling).rejects.toMatchObject({
    name: 'UnsupportedError',
    message: `Kernel probe failed to compile with {}: ${reason}`,
  });
});
