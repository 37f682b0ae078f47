import { defineConfig } from '@playwright/test';
import { chromiumLaunchOptions } from './chromium';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const LAPTOP = { viewport: { width: 1280, height: 800 } };

/** What no GPU has a part in. */
const PAGE_ALONE = ['audits.spec.ts', 'rendering.spec.ts'];

/** Worktrees side by side need a port each. */
const PORT = Number(process.env.E2E_PORT ?? 4178);

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'results/artifacts',
  reporter: 'list',
  timeout: 300_000,
  expect: { timeout: 60_000 },
  workers: 2,
  fullyParallel: true,
  use: { headless: false, baseURL: `http://127.0.0.1:${PORT}/`, launchOptions: chromiumLaunchOptions('software') },
  projects: [
    { name: 'laptop', use: LAPTOP, testIgnore: PAGE_ALONE },
    { name: 'phone', use: PHONE, testMatch: ['chat.spec.ts', 'history.spec.ts'] },
    {
      name: 'no-webgpu',
      use: { ...LAPTOP, launchOptions: chromiumLaunchOptions('none') },
      grepInvert: /@page/,
      testMatch: ['chat.spec.ts', 'import.spec.ts', 'nano.spec.ts', 'oracle.spec.ts'],
    },
    { name: 'page', use: { ...LAPTOP, launchOptions: chromiumLaunchOptions('none') }, testMatch: PAGE_ALONE },
  ],
  webServer: {
    command: `npx vite preview --host 127.0.0.1 --port ${PORT} --strictPort`,
    url: `http://127.0.0.1:${PORT}/`,
    cwd: '..',
    reuseExistingServer: !process.env.CI,
  },
});
