import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { installedChromium } from '../chromium';

/** Runs every test of the project and closes with one line that counts them all. */

/** A step that takes longer hangs: all of them together take less, unless THOROUGH=true asks for more. */
const STEP_MINUTES = process.env.THOROUGH === 'true' ? 120 : 45;

interface Outcome {
  ok: boolean;
  output: string;
}

/** Runs a command, shows its output as it comes, and keeps it. */
function run(command: string, args: string[]): Promise<Outcome> {
  console.log(`\n$ ${command} ${args.join(' ')}`);
  return new Promise((resolve) => {
    let output = '';
    const step = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
      timeout: STEP_MINUTES * 60_000,
    });
    const keep = (stream: NodeJS.WriteStream) => (text: Buffer) => {
      output += text.toString();
      stream.write(text);
    };
    step.stdout.on('data', keep(process.stdout));
    step.stderr.on('data', keep(process.stderr));
    step.on('error', (error) => resolve({ ok: false, output: error.message }));
    step.on('close', (code) => resolve({ ok: code === 0, output }));
    // A grandchild that lives on holds the pipes open: nobody waits for it.
    const letGo = () => {
      step.stdout.destroy();
      step.stderr.destroy();
    };
    step.on('exit', () => setTimeout(letGo, 5000).unref());
  });
}

/** What vitest ('Tests  1 failed | 12 passed (13)') and Playwright ('  12 passed (1.2m)') sum up, by word. */
function count(output: string, word: string): number {
  return stripVTControlCharacters(output)
    .split('\n')
    .filter((line) => /^\s*(Tests\s|\d+ (passed|failed|skipped)\b)/.test(line))
    .flatMap((line) => [...line.matchAll(/(\d+) (passed|failed|skipped)/g)])
    .filter(([, , kind]) => kind === word)
    .reduce((sum, [, number]) => sum + Number(number), 0);
}

/**
 * The lines that name what failed: ' FAIL  file > test' of vitest, '  1) [project] › file › test' of Playwright. Where
 * something other than a test has failed, the last lines that are no test's.
 */
function failuresIn(output: string): string[] {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim());
  const named = lines.filter((line) => /^(FAIL |\d+\) \[)/.test(line));
  if (named.length > 0) return [...new Set(named.map((line) => line.replace(/ ─+$/, '')))];
  return lines.filter((line) => line !== '' && !/^[✓↓-] /.test(line)).slice(-40);
}

if (!installedChromium()) {
  console.log('No Chromium or Chrome found: installing one for the tests.');
  const install = ['playwright', 'install', 'chromium'];
  // The libraries that it needs come with the system's package manager, where there is one that Playwright knows.
  const { ok } = await run('npx', [...install, '--with-deps']);
  if (!ok) await run('npx', install);
}

const total = { passed: 0, failed: 0, skipped: 0 };
/** Said again at the end, where a reader looks first. */
const failures: string[] = [];

function noteFailure(script: string, output: string): void {
  failures.push(`npm run ${script}`, ...failuresIn(output).map((line) => `  ${line}`));
}

/** A step that passes or fails as a whole. */
async function runCheck(script: string): Promise<void> {
  const { ok, output } = await run('npm', ['run', '--silent', script]);
  total[ok ? 'passed' : 'failed']++;
  if (!ok) noteFailure(script, output);
}

async function runTests(script: string, ...args: string[]): Promise<void> {
  const { ok, output } = await run('npm', ['run', '--silent', script, '--', ...args]);
  const failed = count(output, 'failed');
  total.passed += count(output, 'passed');
  total.skipped += count(output, 'skipped');
  total.failed += ok ? failed : Math.max(1, failed);
  if (!ok) noteFailure(script, output);
}

const besideKernels = readdirSync('workers', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'kernels')
  .map(({ name }) => `workers/${name}/`);

/** Steps that need nothing of each other. Two at a time: the software adapter computes on little more than a core. */
const steps = [
  () => runTests('test:gpu', 'workers/kernels/'),
  () => runCheck('check'),
  () => runCheck('lint'),
  () => runTests('test:unit'),
  () => runTests('test:gpu', ...besideKernels),
  () => runTests('test:f16'),
];

/** Takes one step after the other until none is left. */
async function lane(): Promise<void> {
  for (let step = steps.shift(); step; step = steps.shift()) await step();
}

await runCheck('build');
await Promise.all([lane(), lane()]);
await runTests('test:e2e');

process.exitCode = total.failed === 0 ? 0 : 1;
if (total.skipped > 0)
  console.log(`\n${total.skipped} skipped: they need files or GPU features that are not here, or THOROUGH=true`);
if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
