import { expect, test } from 'vitest';
import { pastedFiles } from './pastedFiles';

const file = (name: string, type: string) => new File(['x'], name, { type });
const paste = (types: string[], ...files: File[]) => pastedFiles({ types, files: files as unknown as FileList });

test('pictures are taken from a paste, but not where it is text that brings one along', () => {
  const picture = file('a.png', 'image/png');
  expect(paste(['Files', 'text/html'], picture)).toEqual([picture]);
  expect(paste(['Files', 'text/plain'], picture)).toEqual([]);
  expect(paste(['Files'], file('a.pdf', 'application/pdf'), file('IMG.HEIC', ''))).toHaveLength(1);
  expect(pastedFiles(null)).toEqual([]);
});
