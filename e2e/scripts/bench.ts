import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { benchInBrowser } from '../bench/browser';
import { bundleDawnBenchmark, runDawnBenchmark } from '../bench/dawn';
import { BENCH_ARGUMENTS, benchOptions, DAWN_ARGUMENTS } from '../bench/options';
import { printReport, three } from '../bench/table';
import type { Gpu } from '../chromium';
import { argumentsOrUsage } from '../commandLine';

/** Measures the engine, in the built app or in Node on Dawn; a table to read and JSON to keep. */

const USAGE = `npm run bench -- [--gpu hardware|software|none] [--model nano | file.gguf | folder | URL | owner/repository]
                 [--shapes nano,0.3B,1B,2B] [--seconds 10 per case] [--eyes 26 layers] [--out e2e/results/bench.json]
npm run bench -- --dawn [--shapes …] [--seconds …] [--eyes …] [--out …] [--toggles …] [--kernels …] [--profile]
                        in Node on Dawn, for a machine without a browser; toggles are Dawn's, such as allow_unsafe_apis,
                        kernels a variant instead of the best, and a profile says what each kernel takes
npm run bench -- --dawn --bundle folder                         writes that as one file, to be carried elsewhere`;

const BUNDLE_FOLDER = 'node_modules/.cache/bench-dawn';

const { values, options } = argumentsOrUsage(() => {
  const { values } = parseArgs({
    options: {
      ...BENCH_ARGUMENTS,
      ...DAWN_ARGUMENTS,
      gpu: { type: 'string', default: 'hardware' },
      model: { type: 'string', default: 'nano' },
      dawn: { type: 'boolean', default: false },
      bundle: { type: 'string' },
    },
  });
  if (!['hardware', 'software', 'none'].includes(values.gpu)) throw new Error(`--gpu cannot be "${values.gpu}".`);
  if (!values.dawn && Object.keys(DAWN_ARGUMENTS).some((name) => name in values))
    throw new Error(`--${Object.keys(DAWN_ARGUMENTS).join(', --')} are for --dawn.`);
  const defaultOut = values.dawn ? 'e2e/results/bench-dawn.json' : 'e2e/results/bench.json';
  return { values, options: benchOptions(values, defaultOut) };
}, USAGE);

if (values.bundle !== undefined) {
  const file = await bundleDawnBenchmark(values.bundle);
  console.log(`written to ${file}; it needs Node 20 and node_modules/webgpu beside it or above: node ${file}`);
} else if (values.dawn) {
  const file = await bundleDawnBenchmark(BUNDLE_FOLDER);
  const shapes = options.shapes ? ['--shapes', options.shapes.join()] : [];
  const eyes = options.eyes ? ['--eyes', String(options.eyes.layers)] : [];
  const toggles = values.toggles === undefined ? [] : ['--toggles', values.toggles];
  const kernels = values.kernels === undefined ? [] : ['--kernels', values.kernels];
  const profile = values.profile ? ['--profile'] : [];
  const own = [...toggles, ...kernels, ...profile];
  const args = [...shapes, ...eyes, ...own, '--seconds', String(options.secondsPerCase), '--out', options.out];
  process.exitCode = await runDawnBenchmark(file, args);
} else {
  const result = await benchInBrowser(values.gpu as Gpu, values.model, options);
  const { model, importSeconds, loadSeconds, warmStartSeconds, storedBytes } = result.realModel;
  console.log(`${model}, ${three(storedBytes / 1e6)} MB: imported in ${three(importSeconds)} s`);
  console.log(`stored → first token: ${three(warmStartSeconds)} s, of which loading ${three(loadSeconds)} s`);
  printReport(result.report);
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, JSON.stringify(result, null, 2));
  console.log(`written to ${options.out}`);
}
