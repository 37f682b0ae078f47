import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Picture {
  src: string;
  type: string;
  sizes: string;
}

const manifest = JSON.parse(readFileSync('public/manifest.webmanifest', 'utf8')) as {
  icons: Picture[];
  screenshots: Picture[];
  shortcuts: { url: string; icons: Picture[] }[];
};

/** Width and height stand behind the signature and the name of the first chunk. */
function pngSize(file: string): string {
  const bytes = readFileSync(file);
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

test('the pictures that the manifest names are there, in their sizes', () => {
  const pictures = [...manifest.icons, ...manifest.screenshots, ...manifest.shortcuts.flatMap(({ icons }) => icons)];
  for (const { src, type, sizes } of pictures) {
    const file = join('public', src);
    if (type === 'image/png') expect(pngSize(file), src).toBe(sizes);
    else expect(readFileSync(file, 'utf8'), src).toContain('<svg');
  }
});

test('shortcuts lead to places inside the app', () => {
  for (const { url } of manifest.shortcuts) expect(url).toMatch(/^\.\/#\w+$/);
});
