import { spawnSync } from 'node:child_process';
import { installedChromium } from '../chromium';

/** Runs every test of the project and closes with one line that counts them all. */

function run(command: string, args: string[]): { ok: boolean; output: string } {
  console.log(`\n$ ${command} ${args.join(' ')}`);
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 1 << 28,
  });
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return { ok: result.status === 0, output: result.stdout + result.stderr };
}

/** The sum of all counts that a runner prints before a word: "12 passed", "1 failed". */
function count(output: string, word: string): number {
  // eslint-disable-next-line no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, '');
  const lines = plain.split('\n').filter((line) => !/Test Files/.test(line));
  return lines
    .flatMap((line) => [...line.matchAll(/(\d+) (passed|failed|skipped)/g)])
    .filter(([, , kind]) => kind === word)
    .reduce((sum, [, number]) => sum + Number(number), 0);
}

if (!installedChromium()) {
  console.log('No Chromium or Chrome found: installing one for the tests.');
  if (!run('npx', ['playwright', 'install', '--with-deps', 'chromium']).ok) process.exit(1);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const script of ['check', 'lint']) {
  total[run('npm', ['run', '--silent', script]).ok ? 'passed' : 'failed']++;
}
if (!run('npm', ['run', '--silent', 'build']).ok) total.failed++;
for (const script of ['test:unit', 'test:gpu', 'test:e2e']) {
  const { ok, output } = run('npm', ['run', '--silent', script]);
  const failed = count(output, 'failed');
  total.passed += count(output, 'passed');
  total.skipped += count(output, 'skipped');
  total.failed += ok ? failed : Math.max(1, failed);
}

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
