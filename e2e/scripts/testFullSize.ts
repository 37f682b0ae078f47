import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveBuiltApp } from '../builtApp';
import { argumentsOrUsage } from '../commandLine';
import { serveFiles } from '../fullSize/fileServer';
import { measureFormat, type FormatFigures } from '../fullSize/measure';
import { isMet, rowsOf, tableOf } from '../fullSize/report';
import { ggufModel, safetensorsFiles } from '../fullSize/syntheticModel';

/**
 * A made-up model of the exact shape of MiniCPM-2B goes through the built app in headless Chromium: imported from a server
 * that makes up its bytes as they are asked for, loaded, and asked for two tokens. Prints what it took in memory, storage
 * and time, and fails where that exceeds its limits. Linux only; needs a build, and minutes.
 */

const USAGE = 'npm run test:full-size -- [--formats gguf,safetensors] [--out e2e/results/full-size.json]';

const PORT = Number(process.env.E2E_PORT ?? 4180);
/** Two copies of the packed model at once would fit. */
const NEEDED_BYTES = 4e9;
const FORMATS = ['gguf', 'safetensors'];
const CACHE = 'node_modules/.cache';

const { formats, out } = argumentsOrUsage(() => {
  const { values } = parseArgs({
    options: {
      formats: { type: 'string', default: FORMATS.join() },
      out: { type: 'string', default: 'e2e/results/full-size.json' },
    },
  });
  const formats = values.formats.split(',');
  const unknown = formats.find((format) => !FORMATS.includes(format));
  if (unknown !== undefined) throw new Error(`--formats has "${unknown}"; it can have ${FORMATS.join(', ')}.`);
  return { formats, out: values.out };
}, USAGE);

mkdirSync(CACHE, { recursive: true });
const { bavail, bsize } = statfsSync(CACHE);
if (bavail * bsize < NEEDED_BYTES) throw new Error(`${CACHE} has no room for a browser's storage of 4 GB.`);

const safetensors = safetensorsFiles();
const files = await serveFiles(new Map([...safetensors, ['full-size.gguf', ggufModel()]]));
const app = await serveBuiltApp(PORT);
try {
  const figures: FormatFigures[] = [];
  for (const format of formats) {
    const names = format === 'gguf' ? ['full-size.gguf'] : [...safetensors.keys()];
    const urls = names.map((name) => files.url + name);
    figures.push(await measureFormat(format, { kind: 'url', urls }, app.url));
  }
  const rows = figures.flatMap(rowsOf);
  console.log(tableOf(rows));
  mkdirSync('e2e/results', { recursive: true });
  writeFileSync(out, JSON.stringify(figures, null, 2));
  console.log(`written to ${out}`);
  if (!rows.every(isMet)) process.exitCode = 1;
} finally {
  await app.close();
  await files.close();
}
