import { existsSync } from 'node:fs';
import { expect, test as base, type Page } from '@playwright/test';
import { startHub, type HubOptions, type HubServer } from '../workers/testing/hubServer';
import { openEnginePage } from './enginePage';
import { nanoFiles } from './nanoFiles';
import { Origins } from './origins';

/** Tiny models with golden outputs, kept outside this repository; tests that need them skip where they are absent. */
export const ORACLE = '../shared/oracle';
export const hasOracle = existsSync(ORACLE);

/** Whether a software adapter also computes what takes it long: `THOROUGH=true`. */
export const isThorough = process.env.THOROUGH === 'true';

export interface Fixtures {
  /** Every test fails that asks another server than the app's; those that mean to, allow it. */
  origins: Origins;
  /** Serves the demo model as a hub does, under whatever name it is asked for, until the test ends. */
  serve: (options?: Partial<HubOptions>) => Promise<HubServer>;
  /** An empty page of the app's origin that has the public API. */
  enginePage: Page;
}

export const test = base.extend<Fixtures>({
  origins: [
    async ({ browser, baseURL }, use) => {
      const origins = new Origins(baseURL!);
      const end = origins.watch(browser);
      await use(origins);
      end();
      expect(origins.elsewhere, 'asked of other servers').toEqual([]);
    },
    { auto: true },
  ],
  serve: async ({ origins }, use) => {
    const hubs: HubServer[] = [];
    await use(async (options) => {
      const hub = await startHub({ files: nanoFiles, redirects: true, ...options });
      hubs.push(hub);
      origins.allow(...hub.origins);
      return hub;
    });
    await Promise.all(hubs.map((hub) => hub.close()));
  },
  enginePage: async ({ page, baseURL }, use) => {
    await openEnginePage(page, baseURL!);
    await use(page);
  },
});

export { expect } from '@playwright/test';
