import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import 'fake-indexeddb/auto';
import { create, globals } from 'webgpu';
import { runBenchmark } from '../../workers/bench/benchmark';
import { diagnose } from '../../workers/session/diagnose';
import { argumentsOrUsage } from '../commandLine';
import { BENCH_ARGUMENTS, benchOptions, shapesFor } from './options';
import { printReport, stepLine } from './table';

/** The engine's benchmark in Node, on Dawn: for machines that have a GPU and no browser. Made one file by dawn.ts. */

const USAGE = `node bench.mjs [--shapes nano,0.3B,1B,2B] [--seconds 10 per case] [--eyes 26 layers] [--out bench.json]
               [--toggles Dawn toggles, such as allow_unsafe_apis]`;

const options = argumentsOrUsage(() => {
  const { values } = parseArgs({ options: { ...BENCH_ARGUMENTS, toggles: { type: 'string' } } });
  return { ...benchOptions(values, 'bench.json'), toggles: values.toggles };
}, USAGE);

/** Dawn's objects for Node do not keep each other alive: an adapter that is collected takes its devices along. */
const alive: unknown[] = [];
Object.assign(globalThis, globals, { alive });

function keepAlive(gpu: GPU): GPU {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (...request) => {
    const adapter = await requestAdapter(...request);
    if (!adapter) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (...descriptor) => {
      const device = await requestDevice(...descriptor);
      alive.push(device);
      return device;
    };
    alive.push(adapter);
    return adapter;
  };
  return gpu;
}

const toggles = options.toggles === undefined ? [] : [`enable-dawn-features=${options.toggles}`];
const navigator = { gpu: keepAlive(create(toggles)), userAgent: `Node ${process.version}` };
Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });

const engineOptions = { backend: 'webgpu' } as const;
const diagnostics = await diagnose(engineOptions, null);
if (diagnostics.backend !== 'webgpu') {
  console.error('Dawn finds no graphics adapter. How it finds a Vulkan driver on Linux: e2e/BENCHMARKS.md, “Dawn”.');
  process.exit(1);
}
const request = {
  shapes: options.shapes ?? shapesFor(diagnostics),
  prefill: [128, 512, 2048],
  decode: [128, 1024, 4096],
  secondsPerCase: options.secondsPerCase,
  ...(options.eyes && { eyes: options.eyes }),
};
const report = await runBenchmark(
  engineOptions,
  request,
  (progress) => console.error(stepLine(progress)),
  new AbortController().signal,
).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
printReport(report);
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, JSON.stringify({ report }, null, 2));
console.log(`written to ${options.out}`);
// Dawn's threads keep the process from ending by itself.
process.exit(0);
