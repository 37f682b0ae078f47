import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import 'fake-indexeddb/auto';
import { create, globals } from 'webgpu';
import { runBenchmark } from '../../workers/bench/benchmark';
import { VARIANTS } from '../../workers/ops/kernelChoice';
import { diagnose } from '../../workers/session/diagnose';
import { argumentsOrUsage } from '../commandLine';
import { DispatchTimes } from './dispatchTimes';
import { BENCH_ARGUMENTS, benchOptions, DAWN_ARGUMENTS, shapesFor } from './options';
import { printReport, printTimes, stepLine } from './table';

/** The engine's benchmark in Node, on Dawn: for machines that have a GPU and no browser. Made one file by dawn.ts. */

const USAGE = `node bench.mjs [--shapes nano,0.3B,1B,2B] [--seconds 10 per case] [--eyes 26 layers] [--out bench.json]
               [--toggles Dawn toggles, such as allow_unsafe_apis]
               [--kernels variant, instead of what is found to be best]
               [--profile]    what each kernel takes, instead of rates`;

const options = argumentsOrUsage(() => {
  const { values } = parseArgs({ options: { ...BENCH_ARGUMENTS, ...DAWN_ARGUMENTS } });
  const { toggles, profile } = values;
  const kernels = VARIANTS.find((variant) => variant === values.kernels);
  if (values.kernels !== undefined && !kernels) throw new Error(`--kernels can be ${VARIANTS.join(', ')}.`);
  return { ...benchOptions(values, 'bench.json'), toggles, kernels, times: profile ? new DispatchTimes() : null };
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
      // Its devices do not name the matrix units that its adapters do.
      Object.defineProperty(device, 'adapterInfo', { value: adapter.info });
      options.times?.watch(device);
      return device;
    };
    alive.push(adapter);
    return adapter;
  };
  return gpu;
}

const toggles = options.toggles === undefined ? [] : [`enable-dawn-features=${options.toggles}`];
// Else clocks are as coarse as in a browser.
if (options.times) toggles.push('disable-dawn-features=timestamp_quantization');
const navigator = { gpu: keepAlive(create(toggles)), userAgent: `Node ${process.version}` };
Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });

const engineOptions = { backend: 'webgpu', kernels: options.kernels ?? 'auto' } as const;
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
  (progress) => {
    console.error(stepLine(progress));
    if (options.times) options.times.section = stepLine(progress);
  },
  new AbortController().signal,
).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
if (options.times) for (const [step, times] of await options.times.take()) printTimes(step, times);
printReport(report);
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, JSON.stringify({ report }, null, 2));
console.log(`written to ${options.out}`);
// Dawn's threads keep the process from ending by itself.
process.exit(0);
