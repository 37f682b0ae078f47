import type { Page, Worker as PageWorker } from '@playwright/test';

declare global {
  interface Window {
    /** Every worker that the page has started since `listWorkers`. */
    workers: Worker[];
  }
}

/** From the next visit on, the page lists the workers that it starts: a test can kill them. */
export async function listWorkers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.workers = [];
    window.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        window.workers.push(this);
      }
    };
  });
}

function engineOf(page: Page): PageWorker {
  return page.workers().find((worker) => worker.url().includes('engine.worker'))!;
}

/** Each word of an answer takes its time: a quick machine would be at the end before it hears of a stop, or is cut. */
export async function slowDown(page: Page, milliseconds = 50): Promise<void> {
  await engineOf(page).evaluate((milliseconds) => {
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (...args: unknown[]) {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
      postMessage.apply(this, args as Parameters<typeof postMessage>);
    };
  }, milliseconds);
}

/** Nothing that the engine says arrives until the returned function is called: what it is asked for lasts as long. */
export async function holdBack(page: Page): Promise<() => Promise<void>> {
  const held = await engineOf(page).evaluateHandle(() => {
    const { postMessage } = MessagePort.prototype;
    const messages: (() => void)[] = [];
    MessagePort.prototype.postMessage = function (...args: unknown[]) {
      messages.push(() => postMessage.apply(this, args as Parameters<typeof postMessage>));
    };
    return () => {
      MessagePort.prototype.postMessage = postMessage;
      for (const post of messages) post();
    };
  });
  return () => held.evaluate((letGo) => letGo());
}
