import type { Page } from '@playwright/test';

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
