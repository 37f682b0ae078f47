import { resolve } from 'node:path';
import type { Page } from '@playwright/test';

/** Drops files or folders of the disk into the middle of the page, as a file manager does. */
export async function dropPaths(page: Page, paths: string[]): Promise<void> {
  const { width, height } = page.viewportSize()!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths.map((path) => resolve(path)), dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data });
  }
  await session.detach();
}
