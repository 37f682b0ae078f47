import { existsSync } from 'node:fs';
import { test as base, type Page } from '@playwright/test';
import { openEnginePage } from './enginePage';

/** Tiny models with golden outputs, kept outside this repository; tests that need them skip where they are absent. */
export const ORACLE = '../shared/oracle';
export const hasOracle = existsSync(ORACLE);

/** A test with `enginePage`: an empty page of the app's origin that has the public API. */
export const test = base.extend<{ enginePage: Page }>({
  enginePage: async ({ page, baseURL }, use) => {
    await openEnginePage(page, baseURL!);
    await use(page);
  },
});

export { expect } from '@playwright/test';
