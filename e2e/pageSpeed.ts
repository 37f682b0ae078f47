import type { CDPSession, Page } from '@playwright/test';
import { sampleChat } from '../src/testing/sampleChat';
import { seedManyChats } from './seedChats';

declare global {
  interface Window {
    /** Changes of the conversation that were seen, for the measurement of their cost. */
    pictures: number;
  }
}

/** What one step takes, in milliseconds. */
export interface StepTime {
  /** From the press to the picture of what it brings. */
  wall: number;
  /** Processor time of the page's thread. */
  busy: number;
  /** The same on a quiet machine, see `slowness`. */
  quiet: number;
}

/**
 * The list of conversations brought back; the first search of a visit, typed at once, and later ones; a conversation of 500
 * messages.
 */
export type HistoryTimes = Record<'list' | 'first search' | 'search' | 'search in vain' | 'open', StepTime>;

export const CHATS = 1000;
export const MESSAGES = 20;
const LONG = 500;

/** Fills a fresh profile with conversations and measures what is done with them, on a laptop's window. */
export async function measureHistory(page: Page): Promise<HistoryTimes> {
  const answer = 'Rivers **run** to the sea.\n\n- one\n- two\n\n`code` and $x^2$.';
  const texts = Array.from({ length: LONG }, (_, i) => (i % 2 === 0 ? `Question ${i}?` : answer));
  await seedManyChats(page, CHATS, MESSAGES, [sampleChat(texts, { name: 'The long one' })]);
  await page.goto('./');
  await page.getByTestId('start-demo').click();
  await page.getByTestId('history-item').first().waitFor();
  await page.getByTestId('shortcuts-show').focus();
  const clock = await threadClock(page);

  /** Presses a key, types a query or presses an item of the list, and waits until so many elements are there. */
  const step = async (act: 'press' | 'type' | 'open', what: string, testid: string, count: number) => {
    // What came before has settled.
    await page.waitForTimeout(500);
    const times = [await slowness(page)];
    const before = await clock();
    const wall = await page.evaluate(
      async ([act, what, testid, count]) => {
        const all = (id: string) => document.querySelectorAll<HTMLElement>(`[data-testid=${id}]`);
        const field = all('history-search')[0] as HTMLInputElement;
        const start = performance.now();
        if (act === 'press') window.dispatchEvent(new KeyboardEvent('keydown', { key: what }));
        if (act === 'open') all('history-item')[0]!.querySelector('button')!.click();
        if (act === 'type') {
          field.focus();
          field.value = what;
          field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        }
        while (all(testid).length !== count) await new Promise((resolve) => setTimeout(resolve));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        return performance.now() - start;
      },
      [act, what, testid, count] as const,
    );
    const busy = 1000 * ((await clock()) - before);
    times.push(await slowness(page));
    return { wall, busy, quiet: busy / mean(times) };
  };

  const shown = await page.getByTestId('history-item').count();
  await step('press', 'b', 'history-item', 0);
  const list = await step('press', 'b', 'history-item', shown);
  const first = await step('type', 'harbour winter', 'history-hits', 1);
  const search = await step('type', 'lantern 7', 'history-hits', 1);
  const inVain = await step('type', 'harbour nothing of this kind', 'history-no-hits', 1);
  await step('type', '', 'history-item', shown);
  const open = await step('open', '', 'message-assistant', LONG / 2);
  return { list, 'first search': first, search, 'search in vain': inVain, open };
}

/** What showing an answer takes from the thread of the page. */
export interface RenderingCost {
  /** How often what was written so far was shown. */
  pictures: number;
  /** Processor time of the page's thread for each picture, and of that what scripts, styles and layout take. */
  millisecondsPerPicture: number;
  parts: Record<'script' | 'style' | 'layout', number>;
  /** At most, of the time in which the answer is written. */
  share: number;
  /** The same on a quiet machine, see `slowness`. */
  quietShare: number;
}

/** As many as `src/rendering/Markdown.svelte` draws at most, however fast tokens come. */
const PICTURES_PER_SECOND = 15;
/** Characters of English that a token stands for. */
const PIECE = 4;

/** Streams an answer on the page that recites, 60 tokens per second, and counts the time that its thread computes. */
export async function measureRendering(page: Page, url: string, document: string): Promise<RenderingCost> {
  await page.goto(url);
  // The page is there once its texts are.
  await page.waitForFunction(() => 'answer' in window);
  const clock = await threadClock(page);
  const answer = (text: string) =>
    page.evaluate((pieces) => window.answer(pieces), text.match(new RegExp(`[^]{1,${PIECE}}`, 'g'))!);
  // Parser, colours and formulas are loaded before.
  await answer(document);
  const times = [await slowness(page)];
  const text = `${document}\n\n`.repeat(3);
  const names = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'] as const;
  const before = [await clock(), ...(await Promise.all(names.map((name) => clock(name))))];
  await page.evaluate(() => {
    window.pictures = 0;
    const text = window.document.querySelector('[role=region]')!;
    new MutationObserver(() => window.pictures++).observe(text, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await answer(text);
  const pictures = await page.evaluate(() => window.pictures);
  const after = [await clock(), ...(await Promise.all(names.map((name) => clock(name))))];
  times.push(await slowness(page));
  const [all, script, style, layout] = after.map((seconds, i) => (1000 * (seconds - before[i]!)) / pictures);
  const share = (all! / 1000) * PICTURES_PER_SECOND;
  return {
    pictures,
    millisecondsPerPicture: all!,
    parts: { script: script!, style: style!, layout: layout! },
    share,
    quietShare: share / mean(times),
  };
}

/** Milliseconds of processor time that the work of `slowness` takes where BENCHMARKS.md was measured, with nothing else to do. */
const QUIET_MILLISECONDS = 20;

/**
 * How many times slower a page's thread computes at the moment than on the quiet machine of BENCHMARKS.md: a core that is
 * shared, or another processor, makes the same work take more of its time. Never less than 1.
 */
async function slowness(page: Page): Promise<number> {
  const clock = await threadClock(page);
  const times = [];
  for (let i = 0; i < 5; i++) {
    const before = await clock();
    await page.evaluate(() => {
      const box = document.createElement('div');
      box.style.cssText = 'position: fixed; contain: strict; visibility: hidden; width: 40rem; height: 40rem';
      for (let i = 0; i < 1000; i++) {
        const line = document.createElement('p');
        line.textContent = `Line ${i} of a text that takes as much to lay out as others of its length do.`;
        box.append(line);
      }
      document.documentElement.append(box);
      void box.scrollHeight;
      box.remove();
    });
    times.push(1000 * ((await clock()) - before));
  }
  return Math.max(1, times.sort((a, b) => a - b)[2]! / QUIET_MILLISECONDS);
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Reads a counter of the page's thread in seconds of processor time, by default that of all that it does. */
async function threadClock(page: Page): Promise<(name?: string) => Promise<number>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async (name = 'TaskDuration') => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((metric) => metric.name === name)!.value;
  };
}
