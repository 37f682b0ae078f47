const later = <T>(value: T) => new Promise<T>((resolve) => void setTimeout(resolve, 1, value));

/** A device with room for `room` bytes, which reports what does not fit as WebGPU does: later, to the error scope. */
export function deviceWithRoom(room: number) {
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  const lost = new Promise((resolve) => (lose = resolve));
  let used = 0;
  let error: Error | null = null;
  let refuse: (event: { error: Error }) => void = () => undefined;
  const device = {
    limits: { maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e9 },
    lost,
    queue: { onSubmittedWorkDone: () => Promise.resolve() },
    addEventListener: (_: 'uncapturederror', listener: typeof refuse) => (refuse = listener),
    pushErrorScope: () => (error = null),
    popErrorScope: () => later(error),
    createBuffer: ({ size }: { size: number }) => {
      const isThere = used + size <= room;
      if (isThere) used += size;
      else error = new Error('no memory');
      return { isThere, destroy: () => (used -= isThere ? size : 0) };
    },
    createShaderModule: () => ({ getCompilationInfo: () => Promise.resolve({ messages: [] }) }),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipelineAsync: () => Promise.resolve({}),
    createBindGroup: ({ entries }: { entries: { resource: { buffer: { isThere: boolean } } }[] }) => {
      const isWhole = entries.every(({ resource }) => resource.buffer.isThere);
      if (!isWhole) refuse({ error: new Error('a buffer is not there') });
      return {};
    },
  };
  return { device: device as unknown as GPUDevice, lose };
}
