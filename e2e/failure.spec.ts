import type { Page, Worker } from '@playwright/test';
import { expect, test } from './fixtures';
import { listWorkers, slowDown } from './pageWorkers';

/**
 * Failures as people meet them, on the built app. Devices are lost and pages taken down by what the browser itself has for
 * that. @gpu needs WebGPU, @cpu is the same whatever computes.
 */

declare global {
  interface Window {
    /** What stood in the note of the recovery. */
    recovery: string | undefined;
  }
  /** Of the engine's worker: the device is lost behind so many submissions. */
  var submissionsLeft: number;
  /** In milliseconds, of the devices made from now on. */
  var lifetime: number;
  /** The device never gives its results. */
  var isStuck: boolean;
  /** The most bytes that the device has for one buffer of keys. */
  var mostKeyBytes: number;
}

const LONG = 'Who are you?';

async function openDemo(page: Page): Promise<void> {
  await page.goto('./');
  await page.getByTestId('start-demo').or(page.getByTestId('continue-model')).first().click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

async function send(page: Page, question: string): Promise<void> {
  await page.getByTestId('composer-input').fill(question);
  await page.getByTestId('send').click();
}

async function ask(page: Page, question: string): Promise<string> {
  const done = page.locator('[data-testid=message-assistant][data-state=done]');
  const before = await done.count();
  await send(page, question);
  await expect(done).toHaveCount(before + 1);
  return (await done.last().getByTestId('message-text').textContent()) ?? '';
}

/** Notes what the page says while it recovers, which is soon gone. */
async function noteRecovery(page: Page): Promise<void> {
  await page.addInitScript(() => {
    new MutationObserver(() => {
      window.recovery ??= document.querySelector('[data-testid=recovery]')?.textContent;
    }).observe(document, { subtree: true, childList: true });
  });
}

/** Runs in the engine's worker before it has a device. */
function frailDevice(): void {
  globalThis.submissionsLeft = Infinity;
  globalThis.lifetime = Infinity;
  globalThis.isStuck = false;
  globalThis.mostKeyBytes = Infinity;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    if (globalThis.lifetime < Infinity) setTimeout(() => device.destroy(), globalThis.lifetime);
    const { queue } = device;
    const submit = queue.submit.bind(queue);
    queue.submit = (buffers) => {
      submit(buffers);
      if (--globalThis.submissionsLeft === 0) device.destroy();
    };
    const { mapAsync } = GPUBuffer.prototype;
    GPUBuffer.prototype.mapAsync = function (...args) {
      return globalThis.isStuck ? new Promise(() => undefined) : mapAsync.apply(this, args);
    };
    const { createBuffer, popErrorScope } = device;
    let isTooMuch = false;
    device.createBuffer = (descriptor) => {
      isTooMuch ||= /keys/.test(descriptor.label ?? '') && descriptor.size > globalThis.mostKeyBytes;
      return createBuffer.call(device, descriptor);
    };
    device.popErrorScope = async () => {
      const error = await popErrorScope.call(device);
      return isTooMuch ? new GPUOutOfMemoryError('no memory left') : error;
    };
    return device;
  };
}

/** The engine's workers, the latest last. */
function engineWorkers(page: Page): Worker[] {
  const workers: Worker[] = [];
  page.on('worker', (worker) => {
    if (!worker.url().includes('engine.worker')) return;
    workers.push(worker);
    void worker.evaluate(frailDevice);
  });
  return workers;
}

test(
  'an answer outlives its device, token for token; where memory is short there are ways on',
  {
    tag: '@gpu',
  },
  async ({ page }) => {
    const workers = engineWorkers(page);
    await noteRecovery(page);
    await openDemo(page);
    const undisturbed = await ask(page, LONG);
    await page.getByTestId('new-chat').click();
    await workers.at(-1)!.evaluate(() => (globalThis.submissionsLeft = 9));
    expect(await ask(page, LONG)).toBe(undisturbed);
    expect(await page.evaluate(() => window.recovery)).toContain('goes on by itself');
    await expect(page.getByTestId('recovery')).toHaveCount(0);
    expect(workers).toHaveLength(1);

    // Lost while nothing is written: the next question brings it back.
    await workers[0]!.evaluate(() => (globalThis.submissionsLeft = 1));
    expect(await ask(page, 'What is 27 + 15?')).toContain('42');

    // Lost again at once: the reader decides, and nothing of the answer is gone.
    await page.getByTestId('new-chat').click();
    await workers[0]!.evaluate(() => {
      globalThis.submissionsLeft = 9;
      globalThis.lifetime = 1;
    });
    await send(page, LONG);
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-error', 'DeviceLostError');
    const begun = (await page.getByTestId('message-text').textContent())!.trim();
    expect(begun).not.toBe('');
    await workers[0]!.evaluate(() => (globalThis.lifetime = Infinity));
    await page.getByTestId('error-action').click();
    await expect(page.getByTestId('message-assistant')).toHaveAttribute('data-state', 'done');
    await expect(page.getByTestId('message-text')).toContainText(begun);

    await page.reload();
    await expect(page.getByTestId('continue-model')).toBeVisible();
    await workers.at(-1)!.evaluate(() => (globalThis.mostKeyBytes = 30_000));
    await page.getByTestId('continue-model').click();
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-error', 'OutOfMemoryError');
    await expect(page.getByTestId('smaller-model')).toBeVisible();
    await page.getByTestId('smaller-context').click();
    await expect(page.getByTestId('composer-input')).toBeVisible();
  },
);

test(
  'crashes one after the other are noticed at the start, which then offers to go without the GPU',
  {
    tag: '@gpu',
  },
  async ({ context }) => {
    const crashWhileAnswering = async () => {
      const page = await context.newPage();
      const workers = engineWorkers(page);
      await openDemo(page);
      await expect(page.getByTestId('safe-start')).toHaveCount(0);
      await workers[0]!.evaluate(() => (globalThis.isStuck = true));
      await send(page, LONG);
      await expect(page.getByTestId('stop')).toBeVisible();
      const crashed = page.waitForEvent('crash');
      const devtools = await context.newCDPSession(page);
      void devtools.send('Page.crash').catch(() => undefined);
      await crashed;
      await page.close();
    };
    await crashWhileAnswering();
    await crashWhileAnswering();
    const page = await context.newPage();
    await page.goto('./');
    await expect(page.getByTestId('safe-start')).toContainText('answer was being written');
    await page.getByTestId('safe-processor').click();
    await expect(page.getByTestId('composer-input')).toBeVisible();
    // What has taken the page down does not begin by itself.
    await expect(page.getByTestId('go-on').or(page.getByTestId('regenerate')).first()).toBeVisible();
    expect(await ask(page, 'What is 27 + 15?')).toContain('42');
    await page.reload();
    await expect(page.getByTestId('continue-model')).toBeVisible();
    await expect(page.getByTestId('safe-start')).toHaveCount(0);
  },
);

test('an answer outlives its worker, token for token', { tag: '@cpu' }, async ({ page }) => {
  await noteRecovery(page);
  await listWorkers(page);
  await openDemo(page);
  const undisturbed = await ask(page, LONG);
  await page.getByTestId('new-chat').click();
  await slowDown(page);
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const text = document.querySelector('[data-testid=message-text]')?.textContent ?? '';
      if (text.length < 8) return;
      observer.disconnect();
      for (const worker of window.workers) worker.terminate();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  expect(await ask(page, LONG)).toBe(undisturbed);
  expect(await page.evaluate(() => window.recovery)).toContain('goes on by itself');
});

test(
  'one tab at a time has a model: another one says so, takes it over, and gives it back',
  {
    tag: '@cpu',
  },
  async ({ page, context }) => {
    await openDemo(page);
    await ask(page, 'What is 27 + 15?');
    const second = await context.newPage();
    await second.goto('./');
    await second.getByTestId('continue-model').click();
    const note = second.getByTestId('other-tab');
    await expect(note).toContainText('“What is 27 + 15?”');
    await second.getByTestId('take-over').click();
    expect(await ask(second, 'What is the capital of France?')).toContain('Paris');
    await expect(page.getByTestId('other-tab')).toContainText('Another tab uses the model now');
    await expect(page.getByTestId('composer-input')).toHaveCount(0);
    await page.getByTestId('take-over').click();
    await expect(page.getByTestId('message-assistant')).toContainText('42');
    await expect(note).toContainText('Another tab uses the model now');
  },
);

test('without WebGPU the page says which browser would have it on this system', { tag: '@cpu' }, async ({ page }) => {
  await page.goto('./');
  await expect(page.getByTestId('browser-advice')).toContainText('Linux');
});
