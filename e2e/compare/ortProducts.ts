import { productsModel, type FloatType } from './onnxModel';
import type { PreparedProducts, ProductShape } from './product';

/** The part of onnxruntime-web that is used here. */
interface OnnxRuntime {
  env: { wasm: { wasmPaths: string; numThreads: number } };
  InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  Tensor: { fromGpuBuffer(buffer: GPUBuffer, options: { dataType: string; dims: number[] }): OrtTensor };
}

interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface OrtTensor {
  dispose(): void;
}

export interface OrtVariant {
  floats: FloatType;
  accuracyLevel: 0 | 4;
}

export function ortVariants(device: GPUDevice): OrtVariant[] {
  const floats: FloatType[] = device.features.has('shader-f16') ? ['f32', 'f16'] : ['f32'];
  return floats.flatMap((type) => ([0, 4] as const).map((accuracyLevel) => ({ floats: type, accuracyLevel })));
}

/** Loads the runtime from a folder of its files. */
export async function loadOrt(folder: string): Promise<OnnxRuntime> {
  const file = new URL('ort.webgpu.min.mjs', folder).href;
  const ort = (await import(/* @vite-ignore */ file)) as OnnxRuntime;
  ort.env.wasm.wasmPaths = folder;
  ort.env.wasm.numThreads = 1;
  return ort;
}

const F16_ONE = 0x3c00;

/** Products by MatMulNBits, input and outputs in device memory. */
export async function prepareOrt(
  ort: OnnxRuntime,
  device: GPUDevice,
  { floats, accuracyLevel }: OrtVariant,
  { rows, columns, tokens }: ProductShape,
  count: number,
): Promise<PreparedProducts> {
  const session = await ort.InferenceSession.create(
    productsModel({ rows, columns, tokens, count, floats, accuracyLevel }),
    { executionProviders: [{ name: 'webgpu', device }], preferredOutputLocation: 'gpu-buffer' },
  );
  const length = tokens * columns;
  const ones = floats === 'f32' ? new Float32Array(length).fill(1) : new Uint16Array(length).fill(F16_ONE);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size: ones.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, ones);
  const dataType = floats === 'f32' ? 'float32' : 'float16';
  const x = ort.Tensor.fromGpuBuffer(buffer, { dataType, dims: [tokens, columns] });
  return {
    engine: 'ONNX Runtime Web',
    variant: `${floats}, accuracy level ${accuracyLevel}`,
    count,
    run: async () => {
      const outputs = await session.run({ x });
      for (const output of Object.values(outputs)) output.dispose();
    },
    destroy: async () => {
      await session.release();
      buffer.destroy();
    },
  };
}
