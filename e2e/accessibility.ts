import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';

/** What is wrong with a page for those who see, press or read it otherwise than most, found out in the page itself. */

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

/** Violations that axe-core finds in what is shown, fields that phones zoom into, and a page wider than its window, in words. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
    for (const field of document.querySelectorAll('input, select, textarea')) {
      const isTyped = !field.matches('[type=radio], [type=checkbox], [type=file]');
      if (isTyped && parseFloat(getComputedStyle(field).fontSize) < 16) found.push(`zooms: ${field.outerHTML}`);
    }
    if (document.documentElement.scrollWidth > window.innerWidth) found.push('wider than the window');
    return found;
  });
}

/**
 * Goes through everything with Tab, in the uppermost dialog where there is one, and says what could not be reached, and where
 * the focus was not to be seen. Back again with Shift in dialogs, whose headings lie over what scrolls.
 */
export async function keyboardProblems(page: Page): Promise<string[]> {
  const there = await walkProblems(page, 'Tab');
  const isInDialog = (await page.locator('dialog[open]').count()) > 0;
  return isInDialog ? [...there, ...(await walkProblems(page, 'Shift+Tab'))] : there;
}

async function walkProblems(page: Page, key: 'Tab' | 'Shift+Tab'): Promise<string[]> {
  const walk = await page.evaluateHandle(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    const all = (dialog ?? document).querySelectorAll<HTMLElement>(
      'a[href], button, input, select, textarea, summary, [tabindex="0"]',
    );
    // Of a group of choices, Tab stops at the chosen one.
    const groups = new Map<string, HTMLElement>();
    const stops = [...all].filter((element) => {
      const { type, name, disabled, checked } = element as HTMLInputElement;
      if (disabled || element.tabIndex < 0 || !element.checkVisibility({ visibilityProperty: true })) return false;
      if (type !== 'radio') return true;
      if (checked || !groups.has(name)) groups.set(name, element);
      return false;
    });
    /** Fields may show the focus by what is around them. */
    const ring = (element: Element) =>
      [element, element.closest('form, label')]
        .map((one) => one && getComputedStyle(one))
        .map((style) => style && `${style.outline} ${style.boxShadow}`)
        .join();
    const unreached = new Map([...stops, ...groups.values()].map((stop) => [stop, ring(stop)]));
    /** True where something else lies over what is to be seen of it. */
    const isCovered = (element: Element) => {
      const { left, top, width, height } = element.getClientRects()[0] ?? new DOMRect();
      const middle = (from: number, size: number, room: number) =>
        (Math.max(from, 0) + Math.min(from + size, room)) / 2;
      const [x, y] = [middle(left, width, window.innerWidth), middle(top, height, window.innerHeight)];
      const seen = document.elementFromPoint(x, y);
      return seen === null || !(element.closest('label') ?? element).contains(seen);
    };
    const describe = ({ outerHTML }: Element) => outerHTML.slice(0, 160);
    return {
      count: unreached.size,
      /** Looks at the place that has the focus, and says whether there are others to go to. */
      look: () => {
        const place = document.activeElement as HTMLElement;
        const before = unreached.get(place);
        const isUnseen = before !== undefined && (ring(place) === before || isCovered(place));
        unreached.delete(place);
        return { unseen: isUnseen ? describe(place) : null, isOver: unreached.size === 0 };
      },
      missed: () => [...unreached.keys()].map(describe),
    };
  });
  const count = await walk.evaluate(({ count }) => count);
  if (count === 0) return ['there is no place to go to'];
  const problems: string[] = [];
  // The browser's own places come in between, and regions that scroll.
  for (let presses = 0; presses < 2 * count + 20; presses++) {
    await page.keyboard.press(key);
    const { unseen, isOver } = await walk.evaluate((walk) => walk.look());
    if (unseen) problems.push(`the focus is not seen, ${key}: ${unseen}`);
    if (isOver) break;
  }
  const missed = await walk.evaluate((walk) => walk.missed());
  return [...problems, ...missed.map((place) => `not reached, ${key}: ${place}`)];
}
