import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bytes of each file that the service worker keeps, as a host sends them; pictures are compressed already. */
export function shellSizes(folder = 'dist'): Map<string, number> {
  const worker = readFileSync(join(folder, 'sw.js'), 'utf8');
  const list = /\{"version":[^}]*\}/.exec(worker)?.[0];
  if (!list) throw new Error('the service worker has no list of files');
  const { files } = JSON.parse(list) as { files: string[] };
  return new Map(
    files.map((file) => {
      const bytes = readFileSync(join(folder, file === './' ? 'index.html' : file));
      return [file, file.endsWith('.png') ? bytes.length : gzipSync(bytes).length];
    }),
  );
}

/** Scripts and styles that the first picture waits for, with the texts of the language that has the larger ones. */
export function firstFiles(folder = 'dist'): string[] {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  return [...page.matchAll(/(?:src|href|data-zh)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, file]) => file!);
}

/** 'assets/highlight-BQ8LXF7R.js' as 'highlight.js': the name without its hash. */
export function plainName(file: string): string {
  return basename(file).replace(/-[\w-]{8}\./, '.');
}
