import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { chromiumLaunchOptions } from './e2e/chromium.ts';

/** Writes the list of the app shell's files into the service worker. */
function appShell(): Plugin {
  return {
    name: 'app-shell',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') this.error('the service worker is not part of the bundle');
      const shell = Object.values(bundle).filter((file) => file !== worker && !file.fileName.endsWith('.map'));
      const hash = createHash('sha256');
      for (const file of shell) hash.update(file.type === 'chunk' ? file.code : file.source);
      // Many hosts answer 'index.html' with a redirect to its folder, and no page may come from a redirected answer.
      const files = shell.map(({ fileName }) => (fileName === 'index.html' ? './' : fileName));
      const brought = ['icons', 'pictures'].flatMap((folder) =>
        readdirSync(`public/${folder}`).map((name) => `${folder}/${name}`),
      );
      files.push('manifest.webmanifest', ...brought);
      const list = { version: hash.digest('hex').slice(0, 12), files };
      worker.code = worker.code.replaceAll('__APP_SHELL__', JSON.stringify(list));
    },
  };
}

/**
 * What the built page may do: run its own scripts, and fetch models where the reader says. It binds the page itself; a
 * worker follows the headers of its own script. The development server puts scripts into the page and goes without.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Writes the policy into the page, so that it holds on hosts that let nobody set headers. */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Entries that other files know by name: the public API and the service worker. */
const FIXED_NAMES = ['api', 'sw'];

export default defineConfig({
  base: './',
  plugins: [svelte({ configFile: false }), contentSecurityPolicy(), appShell()],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    rollupOptions: {
      input: { index: 'index.html', api: 'src/engine/api.ts', sw: 'src/offline/sw.ts' },
      preserveEntrySignatures: 'exports-only',
      output: {
        entryFileNames: ({ name }) => (FIXED_NAMES.includes(name) ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,workers,e2e}/**/*.test.ts'],
          exclude: ['**/*.gpu.test.ts', 'node_modules'],
        },
      },
      {
        extends: true,
        test: {
          name: 'dawn',
          // Kernels that have f16 variants; a driver that compiles with LLVM takes seconds for each shader.
          include: ['workers/kernels/{gatedProjections,matmul,matvec,projections,residualProjection}/*.gpu.test.ts'],
          setupFiles: ['workers/testing/dawn.ts'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['workers/**/*.gpu.test.ts'],
          testTimeout: 120_000,
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
