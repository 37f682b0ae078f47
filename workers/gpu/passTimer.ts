/** Two 64-bit nanosecond counts. */
const BYTES = 16;

/**
 * Times compute passes: by the device's own clock where it has the feature 'timestamp-query', else from submission to
 * completion, which the trip to the GPU process is part of.
 */
export class PassTimer {
  readonly #device: GPUDevice;
  readonly #clock: { queries: GPUQuerySet; resolved: GPUBuffer; staging: GPUBuffer } | null;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#clock = device.features.has('timestamp-query') ? createClock(device) : null;
  }

  /** Milliseconds that a pass takes. One at a time. */
  async time(encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const encoder = this.#device.createCommandEncoder();
    const timestampWrites = this.#clock && {
      querySet: this.#clock.queries,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    };
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    encode(pass);
    pass.end();
    if (this.#clock) {
      const { queries, resolved, staging } = this.#clock;
      encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, BYTES);
    }
    const started = performance.now();
    this.#device.queue.submit([encoder.finish()]);
    await this.#device.queue.onSubmittedWorkDone();
    const elapsed = performance.now() - started;
    // A clock that was reset, or is too coarse, gives nothing or less.
    const measured = this.#clock ? await elapsedBy(this.#clock.staging) : 0;
    return measured > 0 ? measured : elapsed;
  }

  destroy(): void {
    if (!this.#clock) return;
    for (const part of Object.values(this.#clock)) part.destroy();
  }
}

function createClock(device: GPUDevice) {
  return {
    queries: device.createQuerySet({ type: 'timestamp', count: 2 }),
    resolved: device.createBuffer({ size: BYTES, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC }),
    staging: device.createBuffer({ size: BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
  };
}

/** Milliseconds between the two timestamps. */
async function elapsedBy(staging: GPUBuffer): Promise<number> {
  await staging.mapAsync(GPUMapMode.READ);
  const [began, ended] = new BigUint64Array(staging.getMappedRange());
  const nanoseconds = Number(ended! - began!);
  staging.unmap();
  return nanoseconds / 1e6;
}
