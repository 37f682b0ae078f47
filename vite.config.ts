import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin, Rolldown } from 'vite';
import { defineConfig } from 'vitest/config';
import { chromiumLaunchOptions } from './e2e/chromium.ts';
import { page as en } from './src/i18n/en/page.ts';
import { page as zh } from './src/i18n/zh/page.ts';

/** Writes the list of the app shell's files into the service worker. */
function appShell(): Plugin {
  return {
    name: 'app-shell',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') this.error('the service worker is not part of the bundle');
      const isShell = ({ fileName }: { fileName: string }) => !fileName.endsWith('.map') && fileName !== HEADERS_FILE;
      const shell = Object.values(bundle).filter((file) => file !== worker && isShell(file));
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
 * What the built page may do: run its own scripts, and fetch models where the reader says. In the page it binds the page
 * itself; in the headers of a script, the worker that runs it. The development server puts scripts into the page and goes
 * without.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "connect-src 'self' blob: data: https: http://localhost:* http://127.0.0.1:*",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** What a host should send with every file. */
const HEADERS = {
  // Pages that frame this one can only be told by a header.
  'Content-Security-Policy': `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(self), geolocation=(), payment=(), usb=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Read by Cloudflare Pages, Netlify and others: the headers of a static site. */
const HEADERS_FILE = '_headers';

function headersFile(): string {
  const lines = (headers: Record<string, string>) =>
    Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
  const forGood = { 'Cache-Control': 'public, max-age=31536000, immutable' };
  const eachTime = { 'Cache-Control': 'no-cache' };
  return ['/*\n', ...lines(HEADERS), '/assets/*\n', ...lines(forGood), '/sw.js\n', ...lines(eachTime)].join('');
}

/** Writes the policy into a file for hosts, and into the page, so that it holds on hosts that let nobody set headers. */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: HEADERS_FILE, source: headersFile() });
    },
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** What stands in index.html before the page has started: its words, in each language that the page speaks. */
function firstWords(): Plugin {
  const wordsOf = ({ start, actions }: typeof en): Record<string, string> => ({ ...start, reload: actions.reloadPage });
  const words = { en: wordsOf(en), zh: wordsOf(zh) };
  const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return {
    name: 'first-words',
    transformIndexHtml: (html) =>
      html.replace(/%(en|zh)\.(\w+)%/g, (_, language: 'en' | 'zh', name: string) => {
        const text = words[language][name];
        if (text === undefined) throw new Error(`index.html asks for words that there are not: ${language}.${name}`);
        return escaped(text);
      }),
  };
}

/**
 * Puts the script that runs before anything is drawn into the page, where it holds up the drawing, and tells it where the
 * texts of each language lie. It stands last: what stands behind it would not be asked for before it has run.
 */
function firstPaint(): Plugin {
  return {
    name: 'first-paint',
    apply: 'build',
    transformIndexHtml: (_, { bundle = {} }) => {
      const attrs: Record<string, string> = { src: './firstPaint.js' };
      for (const language of ['en', 'zh']) {
        const texts = Object.values(bundle).find(
          (file) => file.type === 'chunk' && file.facadeModuleId?.endsWith(`/src/i18n/${language}.ts`),
        );
        if (!texts) throw new Error(`the texts in ${language} are not a file of their own`);
        attrs[`data-${language}`] = `./${texts.fileName}`;
      }
      return [{ tag: 'script', attrs, injectTo: 'head' }];
    },
  };
}

/** What was bundled, workers included: the folders of packages. */
const packages = new Set<string>();

/** Notes the packages that a bundle is made of. */
function notePackages(): Plugin {
  return {
    name: 'note-packages',
    moduleParsed({ id }) {
      const [folder] = /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(id) ?? [];
      if (folder && existsSync(`${folder}/package.json`)) packages.add(folder);
    },
  };
}

/** Writes `licences.txt`: each package that is part of the page, with the words of its licence. */
function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const texts = [...packages].map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : ''}`;
      });
      const source = `${texts.sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
    },
  };
}

/** Takes the comments out of shaders, which are for those who read them. Errors keep their lines and columns. */
function shadersWithoutComments(): Plugin {
  return {
    name: 'shaders-without-comments',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      const [file, query] = id.split('?');
      if (!file?.endsWith('.wgsl') || query !== 'raw') return null;
      const text = readFileSync(file, 'utf8').replace(/[ \t]*\/\/.*$/gm, '');
      return `export default ${JSON.stringify(text)};`;
    },
  };
}

/** The modules `roots`, and all that come with them. */
function modulesOf(roots: string[], context: Rolldown.ChunkingContext): Set<string> {
  const found = new Set(roots.map((file) => resolve(file)));
  // A set that grows is walked to its end.
  for (const id of found) for (const part of context.getModuleInfo(id)?.importedIds ?? []) found.add(part);
  return found;
}

/**
 * A file for each step of the start instead of one for each set of modules that some screens share: on a slow network a
 * file costs a round trip.
 */
const STEPS: Record<string, string[]> = {
  api: ['src/engine/api.ts'],
  first: ['src/main.ts'],
  start: ['src/models/StartNotes.svelte', 'src/models/StartChoices.svelte'],
};

function stepsOfTheStart(): Rolldown.CodeSplittingGroup[] {
  return Object.entries(STEPS).map(([step, roots], i, { length }) => {
    let modules: Set<string> | null = null;
    const name = (id: string, context: Rolldown.ChunkingContext) =>
      (modules ??= modulesOf(roots, context)).has(id) ? step : null;
    return { name, debugName: step, priority: length - i };
  });
}

/** Entries that other files know by name: the public API, the service worker, and what runs before the first paint. */
const FIXED_NAMES = ['api', 'sw', 'firstPaint'];

export default defineConfig({
  base: './',
  plugins: [
    svelte({ configFile: false }),
    contentSecurityPolicy(),
    firstWords(),
    firstPaint(),
    notePackages(),
    licences(),
    appShell(),
  ],
  worker: { format: 'es', plugins: () => [notePackages(), shadersWithoutComments()] },
  preview: { headers: HEADERS },
  build: {
    target: 'es2023',
    rollupOptions: {
      input: {
        index: 'index.html',
        api: 'src/engine/api.ts',
        sw: 'src/offline/sw.ts',
        firstPaint: 'src/app/firstPaint.ts',
      },
      preserveEntrySignatures: 'exports-only',
      output: {
        codeSplitting: { groups: stepsOfTheStart() },
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
          exclude: ['**/*.{gpu,dawn}.test.ts', 'node_modules'],
          // Whole models are imported and run: seconds, on a machine that does something else beside.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'dawn',
          // Kernels that have f16 variants; a driver that compiles with LLVM takes seconds for each shader.
          include: [
            'workers/kernels/{gatedProjections,matmul,matvec,projections,residualProjection}/*.gpu.test.ts',
            'workers/**/*.dawn.test.ts',
          ],
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
