import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, preview } from 'vite';
import { contentSecurityPolicy } from '../../vite.config';
import type { ServedApp } from '../builtApp';

const ROOT = 'e2e/rendering';
const OUT = '../results/rendering';

/** Builds the page that recites answers as the app is built, and serves it on a free port of the loopback interface. */
export async function serveRenderingPage(): Promise<ServedApp> {
  const shared = { configFile: false as const, root: ROOT, base: './', logLevel: 'warn' as const };
  const outDir = { outDir: OUT, emptyOutDir: true, target: 'es2023' };
  await build({
    ...shared,
    plugins: [svelte({ configFile: false }), contentSecurityPolicy()],
    worker: { format: 'es' },
    build: outDir,
  });
  const server = await preview({ ...shared, build: outDir, preview: { host: '127.0.0.1', port: 0 } });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
