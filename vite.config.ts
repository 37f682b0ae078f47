import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumLaunchOptions } from './e2e/chromium';

export default defineConfig({
  base: './',
  plugins: [svelte()],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    rollupOptions: {
      // api.js keeps its name and exports: pages of the same origin import it.
      input: { index: 'index.html', api: 'src/engine/api.ts' },
      preserveEntrySignatures: 'exports-only',
      output: { entryFileNames: (chunk) => (chunk.name === 'api' ? 'api.js' : 'assets/[name]-[hash].js') },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{src,workers,e2e}/**/*.test.ts'], exclude: ['**/*.gpu.test.ts', 'node_modules'] },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['workers/**/*.gpu.test.ts'],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            // Chromium's old headless shell has no WebGPU; the new headless mode is asked for by flag.
            headless: false,
            screenshotFailures: false,
            ui: false,
            provider: playwright({ launchOptions: chromiumLaunchOptions() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
