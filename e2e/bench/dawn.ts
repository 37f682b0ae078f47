import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'vite';

const FILE = 'bench.mjs';

/**
 * Writes the engine's benchmark and all it needs but the package `webgpu` into one file for Node in `folder`; returns its
 * path. The file finds `webgpu` in a node_modules beside or above it.
 */
export async function bundleDawnBenchmark(folder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: 'e2e/bench/dawnMain.ts',
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: { external: ['webgpu'], output: { entryFileNames: FILE } },
    },
  });
  return join(folder, FILE);
}

/** Runs a bundle in a process of its own; resolves to its exit code. */
export function runDawnBenchmark(file: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
    run.on('error', reject);
    run.on('close', (code) => resolve(code ?? 1));
  });
}
