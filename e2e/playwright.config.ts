import { defineConfig } from '@playwright/test';
import { chromiumLaunchOptions } from './chromium';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const LAPTOP = { viewport: { width: 1280, height: 800 } };

/** What these look at does not depend on what computes, and the CPU starts and answers sooner than a software GPU. */
const APART_FROM_GPU = [
  'audits.spec.ts',
  'catalogue.spec.ts',
  'device.spec.ts',
  'history.spec.ts',
  'import.spec.ts',
  'live.spec.ts',
  'pictureFiles.spec.ts',
  'pictures.spec.ts',
  'pwa.spec.ts',
  'rendering.spec.ts',
  'settings.spec.ts',
  'storage.spec.ts',
  'transfer.spec.ts',
  'unfetched.spec.ts',
];

/** Worktrees side by side need a port each. */
const PORT = Number(process.env.E2E_PORT ?? 4178);

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'results/artifacts',
  reporter: 'list',
  timeout: 300_000,
  expect: { timeout: 60_000 },
  // Of tests that wait for servers and clocks, one more than there are usually cores.
  workers: 3,
  fullyParallel: true,
  use: { headless: false, baseURL: `http://127.0.0.1:${PORT}/`, launchOptions: chromiumLaunchOptions('software') },
  projects: [
    { name: 'laptop', use: LAPTOP, testIgnore: APART_FROM_GPU, grepInvert: /@cpu/, workers: 2 },
    {
      name: 'no-webgpu',
      use: { ...LAPTOP, launchOptions: chromiumLaunchOptions('none') },
      grepInvert: /@gpu/,
      testMatch: [
        ...APART_FROM_GPU,
        'api.spec.ts',
        'chat.spec.ts',
        'failure.spec.ts',
        'nano.spec.ts',
        'oracle.spec.ts',
      ],
    },
    {
      name: 'phone-no-webgpu',
      use: { ...PHONE, launchOptions: chromiumLaunchOptions('none') },
      grepInvert: /@gpu/,
      testMatch: [
        'chat.spec.ts',
        'device.spec.ts',
        'failure.spec.ts',
        'history.spec.ts',
        'pictures.spec.ts',
        'pwa.spec.ts',
        'settings.spec.ts',
        'unfetched.spec.ts',
      ],
    },
  ],
  webServer: {
    command: `npx vite preview --host 127.0.0.1 --port ${PORT} --strictPort`,
    url: `http://127.0.0.1:${PORT}/`,
    cwd: '..',
    reuseExistingServer: !process.env.CI,
  },
});
