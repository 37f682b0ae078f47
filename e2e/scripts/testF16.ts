import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Runs the tests of the kernels that have f16 variants in Node, on Dawn over a Vulkan driver with shader-f16: the one that
 * VK_ICD_FILENAMES names, else Mesa's lavapipe, which is unpacked from Debian's packages where they are at hand. Only tests
 * that are named after f16: the browser's tier has the others. A whole model answers as well.
 */

const FOLDER = resolve('e2e/results/lavapipe');

function driver(): NodeJS.ProcessEnv | null {
  if (process.env.VK_ICD_FILENAMES) return {};
  const { status } = spawnSync('bash', ['e2e/lavapipe/setup.sh', FOLDER], { stdio: ['ignore', 'ignore', 'inherit'] });
  const icd = join(FOLDER, 'icd.json');
  if (status !== 0 || !existsSync(icd)) return null;
  return { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: join(FOLDER, 'lib'), XDG_RUNTIME_DIR: FOLDER };
}

const found = process.platform === 'linux' ? driver() : null;
if (found === null) {
  console.log(
    'f16 on Dawn: not run, for want of a Vulkan driver (VK_ICD_FILENAMES, or Debian bookworm to take lavapipe from)\n1 skipped',
  );
} else {
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'dawn', '-t', 'f16', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...found },
  });
  process.exitCode = status ?? 1;
}
