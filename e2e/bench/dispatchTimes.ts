/** What the dispatches of one kernel and grid took. */
export interface DispatchTime {
  /** The kernel's name and its workgroups. */
  name: string;
  count: number;
  /** Microseconds: all together, and the middle one. */
  total: number;
  median: number;
}

interface Timed {
  section: string;
  names: string[];
  /** Two nanosecond counts for each. */
  times: Promise<BigUint64Array>;
}

const BYTES_PER_DISPATCH = 16;

/**
 * Times every dispatch of a device by itself, whoever encodes it: each gets a pass of its own between two timestamps. What
 * is in between, barriers and waiting, is not counted, so that the sum is less than what a step takes.
 */
export class DispatchTimes {
  readonly #timed: Timed[] = [];
  /** Begin to read what is encoded, once it is submitted. */
  readonly #encoded: (() => void)[] = [];
  /** What is being measured: dispatches are counted apart in each. */
  section = '';

  /** Watches a device that has the feature 'timestamp-query' from now on. */
  watch(device: GPUDevice): void {
    const submit = device.queue.submit.bind(device.queue);
    device.queue.submit = (commands) => {
      submit(commands);
      for (const read of this.#encoded.splice(0)) read();
    };
    const create = device.createCommandEncoder.bind(device);
    device.createCommandEncoder = (descriptor) => {
      const encoder = create(descriptor);
      const begin = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => (pass?.timestampWrites ? begin(pass) : this.#pass(device, encoder, begin));
      return encoder;
    };
  }

  /** What was timed in each section since the last call, the most expensive first. */
  async take(): Promise<Map<string, DispatchTime[]>> {
    const microseconds = new Map<string, Map<string, number[]>>();
    for (const { section, names, times: reading } of this.#timed.splice(0)) {
      const byName = entry(microseconds, section, () => new Map<string, number[]>());
      const times = await reading;
      names.forEach((name, i) => {
        entry(byName, name, () => []).push(Number(times[2 * i + 1]! - times[2 * i]!) / 1000);
      });
    }
    return new Map(Array.from(microseconds, ([section, byName]) => [section, summary(byName)]));
  }

  /** Stands for a pass, and encodes one for each dispatch at its end. */
  #pass(
    device: GPUDevice,
    encoder: GPUCommandEncoder,
    begin: GPUCommandEncoder['beginComputePass'],
  ): GPUComputePassEncoder {
    const dispatches: { pipeline: GPUComputePipeline; bindGroup: GPUBindGroup; grid: [number, number, number] }[] = [];
    let pipeline: GPUComputePipeline;
    let bindGroup: GPUBindGroup;
    const end = () => {
      if (dispatches.length === 0) return;
      const querySet = device.createQuerySet({ type: 'timestamp', count: 2 * dispatches.length });
      dispatches.forEach(({ pipeline, bindGroup, grid }, i) => {
        const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
        const pass = begin({ timestampWrites });
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(...grid);
        pass.end();
      });
      const size = dispatches.length * BYTES_PER_DISPATCH;
      const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
      const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      encoder.resolveQuerySet(querySet, 0, 2 * dispatches.length, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
      const names = dispatches.map(({ pipeline, grid }) => `${pipeline.label} ${grid.join('×')}`);
      const { section } = this;
      this.#encoded.push(() => this.#timed.push({ section, names, times: readTimes(staging, [querySet, resolved]) }));
    };
    return {
      setPipeline: (next: GPUComputePipeline) => void (pipeline = next),
      setBindGroup: (_index: number, next: GPUBindGroup) => void (bindGroup = next),
      dispatchWorkgroups: (x: number, y = 1, z = 1) => void dispatches.push({ pipeline, bindGroup, grid: [x, y, z] }),
      end,
    } as unknown as GPUComputePassEncoder;
  }
}

/** Two counts for each dispatch; gives `others` back with the buffer that they are read from. */
async function readTimes(staging: GPUBuffer, others: readonly { destroy(): void }[]): Promise<BigUint64Array> {
  await staging.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(staging.getMappedRange()).slice();
  for (const used of [staging, ...others]) used.destroy();
  return times;
}

function summary(byName: Map<string, number[]>): DispatchTime[] {
  const summed = Array.from(byName, ([name, times]) => ({
    name,
    count: times.length,
    total: times.reduce((sum, time) => sum + time, 0),
    median: times.sort((a, b) => a - b)[times.length >> 1]!,
  }));
  return summed.sort((a, b) => b.total - a.total);
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key)!;
}
