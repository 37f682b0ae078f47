import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

/** Who may import whom. A layer may always import itself. Read it top to bottom: data flows one way. */
const MAY_IMPORT: Record<string, string[]> = {
  // page
  src: ['src/engine', 'workers/protocol', 'workers/memory'],
  'src/engine': ['workers/protocol', 'workers/errors'],
  // contract
  'workers/protocol': [],
  'workers/errors': [],
  // how much memory a model takes: for the page, before it is there, and for the engine
  'workers/memory': ['workers/protocol'],
  // engine, top to bottom
  'workers/entry': ['workers/host', 'workers/import', 'workers/lifeline', 'workers/storage'],
  'workers/lifeline': ['workers/protocol'],
  'workers/host': ['workers/protocol', 'workers/errors', 'workers/session', 'workers/bench', 'workers/storage'],
  'workers/bench': [
    'workers/protocol',
    'workers/errors',
    'workers/memory',
    'workers/session',
    'workers/model',
    'workers/ops',
    'workers/gpu',
    'workers/checkpoint',
    'workers/quant',
  ],
  'workers/session': [
    'workers/protocol',
    'workers/errors',
    'workers/memory',
    'workers/model',
    'workers/ops',
    'workers/gpu',
    'workers/tokenizer',
    'workers/image',
    'workers/checkpoint',
    'workers/storage',
  ],
  'workers/model': ['workers/ops', 'workers/checkpoint'],
  'workers/ops': ['workers/protocol', 'workers/errors', 'workers/kernels', 'workers/gpu', 'workers/quant'],
  'workers/kernels': ['workers/protocol', 'workers/memory', 'workers/gpu', 'workers/quant'],
  'workers/gpu': ['workers/protocol', 'workers/errors'],
  // to the side: these never see a GPU
  'workers/import': [
    'workers/protocol',
    'workers/errors',
    'workers/checkpoint',
    'workers/quant',
    'workers/storage',
    'workers/tokenizer',
  ],
  'workers/storage': ['workers/protocol', 'workers/errors', 'workers/checkpoint'],
  'workers/tokenizer': ['workers/protocol', 'workers/errors', 'workers/checkpoint'],
  'workers/image': ['workers/protocol', 'workers/errors', 'workers/checkpoint'],
  'workers/checkpoint': ['workers/protocol', 'workers/errors', 'workers/memory', 'workers/quant'],
  'workers/quant': [],
};

function layerOf(file: string): string {
  const parts = file.split(sep);
  if (parts[0] === 'src') return parts[1] === 'engine' ? 'src/engine' : 'src';
  if (file.endsWith('.worker.ts')) return 'workers/entry';
  return `workers/${parts[1]!.replace(/\.ts$/, '')}`;
}

const sources = ['src', 'workers'].flatMap((root) =>
  (readdirSync(root, { recursive: true }) as string[])
    .map((file) => join(root, file))
    .filter((file) => /\.(ts|svelte)$/.test(file))
    .filter((file) => !/\.test\.ts$|\.d\.ts$/.test(file) && !file.startsWith(join('workers', 'testing'))),
);

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)['"](\.[^'"]+)['"]/g;

test('imports only ever point down the stack', () => {
  const violations = sources.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(IMPORT)].flatMap(([, specifier]) => {
      const target = relative('.', join(dirname(file), specifier!));
      const [from, to] = [layerOf(file), layerOf(target)];
      // client.ts and packers.ts start workers by URL: the crossings that are no imports.
      const startsWorkers = from === 'src/engine' || from === 'workers/import';
      if (from === to || MAY_IMPORT[from]?.includes(to) || (startsWorkers && to === 'workers/entry')) return [];
      return [`${file} (${from}) imports ${target} (${to})`];
    }),
  );
  expect(violations).toEqual([]);
});

test('only the engine client touches comlink on the page', () => {
  const users = sources.filter((file) => file.startsWith('src') && /from 'comlink'/.test(readFileSync(file, 'utf8')));
  expect(users).toEqual([join('src', 'engine', 'client.ts')]);
});
