import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engineError } from '../errors';
import type { Backend } from '../ops/backend';
import { PrefillChunks } from './prefillChunks';
import { Submissions } from './submissions';

/** The operations of MiniCPM-2B's forward pass: 40 layers of 16, and five more. */
const OPERATIONS = 645;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A device on a clock of its own, whose operations take `rowMs` for each row. */
class FakeDevice {
  /** What each submission has taken. */
  readonly took: number[] = [];
  /** Submissions under way when one was made, itself included. */
  readonly depths: number[] = [];
  /** When all that was submitted is done. */
  #free = 0;
  #underWay = 0;
  idleMs = 0;

  constructor(readonly rowMs: number) {}

  readonly backend = {
    kind: 'webgpu',
    flush: () => new Promise<void>((resolve) => setTimeout(resolve, this.#free - performance.now())),
  } as unknown as Backend;

  *parts(rows: number, size: () => number): Generator<number, string> {
    for (let first = 0; first < OPERATIONS;) {
      const operations = Math.min(size(), OPERATIONS - first);
      this.#submit(operations * rows * this.rowMs);
      yield operations;
      first += operations;
    }
    return 'done';
  }

  #submit(ms: number): void {
    const now = performance.now();
    if (this.took.length > 0) this.idleMs += Math.max(0, now - this.#free);
    this.#free = Math.max(now, this.#free) + ms;
    this.took.push(ms);
    this.depths.push(++this.#underWay);
    setTimeout(() => this.#underWay--, this.#free - now);
  }
}

/** Runs `count` chunks as a prefill does; the submissions of each. */
async function prefill(device: FakeDevice, chunks: PrefillChunks, count: number): Promise<number[]> {
  const submissions = new Submissions(device.backend);
  const perChunk: number[] = [];
  for (let i = 0; i < count; i++) {
    const before = device.took.length;
    const { rows } = chunks;
    const timing = {
      part: (ms: number, operations: number) => chunks.submissionTook(ms, operations, rows),
      step: (ms: number) => chunks.took(ms, rows),
    };
    const parts = device.parts(rows, () => chunks.operations(rows));
    expect(await finished(submissions.run(parts, timing, () => undefined))).toBe('done');
    if (chunks.isSmallest) await finished(submissions.drain());
    perChunk.push(device.took.length - before);
  }
  await finished(submissions.drain());
  return perChunk;
}

/** What `work` resolves to, on the fake clock. */
async function finished<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const settled = work.finally(() => (isDone = true));
  settled.catch(() => undefined);
  while (!isDone) await vi.advanceTimersByTimeAsync(1);
  return settled;
}

describe('a prefill', () => {
  test('on a slow device is cut into submissions of a tenth of a second, and never idles within a chunk', async () => {
    // 64 rows of MiniCPM-2B at 100 GFLOP/s: three seconds.
    const device = new FakeDevice(3000 / OPERATIONS / 64);
    const chunks = new PrefillChunks(512);
    const perChunk = await prefill(device, chunks, 3);
    expect(chunks.rows).toBe(64);
    expect(Math.max(...device.took)).toBeLessThanOrEqual(101);
    expect(perChunk[2]).toBeLessThanOrEqual(32);
    expect(Math.max(...device.depths)).toBe(2);
    expect(device.idleMs).toBeLessThan(10);
  });

  test('on a fast device is one submission per chunk, once the first has shown how fast it is', async () => {
    // 512 rows in 80 ms.
    const device = new FakeDevice(80 / OPERATIONS / 512);
    const perChunk = await prefill(device, new PrefillChunks(512), 5);
    expect(perChunk[0]).toBeLessThanOrEqual(12);
    expect(perChunk.slice(1)).toEqual([1, 1, 1, 1]);
    expect(device.idleMs).toBeLessThan(5);
  });

  test('on a device that slows down fifty-fold has few long submissions', async () => {
    const chunks = new PrefillChunks(512);
    await prefill(new FakeDevice(20 / OPERATIONS / 512), chunks, 3);
    const device = new FakeDevice(1000 / OPERATIONS / 512);
    await prefill(device, chunks, 6);
    expect(device.took.filter((ms) => ms > 150).length).toBeLessThanOrEqual(2);
  });
});

test('a stop is heard between submissions', async () => {
  const device = new FakeDevice(3000 / OPERATIONS / 64);
  let parts = 0;
  const throwIfStopped = () => {
    if (++parts === 3) throw engineError('AbortError', 'stopped');
  };
  const submissions = new Submissions(device.backend);
  const running = submissions.run(
    device.parts(64, () => 20),
    { part: () => undefined },
    throwIfStopped,
  );
  await expect(finished(running)).rejects.toMatchObject({ name: 'AbortError' });
  expect(device.took).toHaveLength(3);
});

test('a stop is heard behind the last part as well, and what the parts hold is given back', async () => {
  const device = new FakeDevice(1);
  let isGivenBack = false;
  function* parts() {
    try {
      yield* device.parts(1, () => OPERATIONS);
      throw new Error('went on');
    } finally {
      isGivenBack = true;
    }
  }
  const throwIfStopped = () => {
    throw engineError('AbortError', 'stopped');
  };
  const running = new Submissions(device.backend).run(parts(), { part: () => undefined }, throwIfStopped);
  await expect(finished(running)).rejects.toMatchObject({ name: 'AbortError' });
  expect(isGivenBack).toBe(true);
});

test('a lost device ends it', async () => {
  const device = new FakeDevice(1);
  const lost = engineError('DeviceLostError', 'gone');
  const backend = { kind: 'webgpu', flush: () => Promise.reject(lost) } as unknown as Backend;
  const parts = device.parts(64, () => 20);
  await expect(new Submissions(backend).run(parts, { part: () => undefined }, () => undefined)).rejects.toBe(lost);
});
