import { readFileSync } from 'node:fs';
import type { Browser, CDPSession } from 'playwright';

const INTERVAL_MS = 250;

/** Peaks in bytes. */
export interface MemoryPeaks {
  /** JavaScript's heaps of page and workers together, with the buffers that they hold. */
  heap: number;
  /** Proportional set size of all renderers and the GPU process together, and what each had then. */
  processes: number;
  renderers: number;
  gpuProcess: number;
  /** That of the browser process, which has the chunks that are on their way to the disk. */
  browser: number;
}

const NO_PEAKS: MemoryPeaks = { heap: 0, processes: 0, renderers: 0, gpuProcess: 0, browser: 0 };

interface HeapUsage {
  usedSize: number;
  backingStorageSize: number;
}

/** Watches the memory of a browser from beside it, several times a second. */
export class MemoryWatch {
  readonly #session: CDPSession;
  /** Of each target, its session. */
  readonly #attached = new Map<string, string>();
  /** By the session of a target. */
  readonly #answers = new Map<string, (usage: HeapUsage | null) => void>();
  #peaks = NO_PEAKS;
  #isRunning = true;
  readonly #done: Promise<void>;

  private constructor(session: CDPSession) {
    this.#session = session;
    session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
      const { result } = JSON.parse(message) as { result?: HeapUsage };
      if (result) this.#answers.get(sessionId)?.(result);
    });
    session.on('Target.detachedFromTarget', ({ sessionId }) => this.#answers.get(sessionId)?.(null));
    this.#done = this.#run();
  }

  static async start(browser: Browser): Promise<MemoryWatch> {
    return new MemoryWatch(await browser.newBrowserCDPSession());
  }

  /** The peaks since the start or the last call. */
  takePeaks(): MemoryPeaks {
    const peaks = this.#peaks;
    this.#peaks = NO_PEAKS;
    return peaks;
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#done;
    await this.#session.detach();
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      const [heap, sizes] = await Promise.all([this.#heapBytes(), this.#processSizes()]);
      const largest = sizes.processes > this.#peaks.processes ? sizes : this.#peaks;
      this.#peaks = {
        ...largest,
        heap: Math.max(this.#peaks.heap, heap),
        browser: Math.max(this.#peaks.browser, sizes.browser),
      };
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }

  async #heapBytes(): Promise<number> {
    const { targetInfos } = await this.#session.send('Target.getTargets', { filter: [{}] });
    const scripts = targetInfos.filter(({ type }) => type === 'page' || type === 'worker');
    const heaps = await Promise.all(scripts.map(({ targetId }) => this.#heapOf(targetId)));
    return heaps.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** 0 for a target that has gone meanwhile. */
  async #heapOf(targetId: string): Promise<number> {
    try {
      let sessionId = this.#attached.get(targetId);
      if (sessionId === undefined) {
        // Playwright hands over messages of sessions that are not flat only.
        ({ sessionId } = await this.#session.send('Target.attachToTarget', { targetId, flatten: false }));
        this.#attached.set(targetId, sessionId);
      }
      const answer = new Promise<HeapUsage | null>((resolve) => this.#answers.set(sessionId, resolve));
      const message = JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' });
      await this.#session.send('Target.sendMessageToTarget', { sessionId, message });
      const usage = await answer;
      return usage ? usage.usedSize + usage.backingStorageSize : 0;
    } catch {
      return 0;
    }
  }

  async #processSizes(): Promise<Omit<MemoryPeaks, 'heap'>> {
    const { processInfo } = await this.#session.send('SystemInfo.getProcessInfo');
    const sizeOf = (wanted: string) =>
      processInfo.filter(({ type }) => type === wanted).reduce((sum, { id }) => sum + proportionalSetSize(id), 0);
    const [renderers, gpuProcess, browser] = [sizeOf('renderer'), sizeOf('GPU'), sizeOf('browser')];
    return { processes: renderers + gpuProcess, renderers, gpuProcess, browser };
  }
}

/** 0 for a process that has ended. Linux only. */
function proportionalSetSize(process: number): number {
  try {
    const rollup = readFileSync(`/proc/${process}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
