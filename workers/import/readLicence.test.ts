import { expect, test } from 'vitest';
import { engineError } from '../errors';
import type { FileSet } from './fileSet';
import { FileSource } from './fileSource';
import { readLicence } from './readLicence';

function folderWith(readme: string | null): FileSet {
  return {
    modelName: 'm',
    info: { kind: 'files', location: 'm' },
    fileNames: [],
    open: async (name) =>
      readme !== null && name === 'README.md' ? new FileSource(new File([readme], 'README.md')) : null,
  };
}

test.each([
  ['---\nlicense: apache-2.0\n---\n# m', 'apache-2.0'],
  ['---\r\nlanguage: en\r\nlicense: "mit"\r\n---\r\n# m', 'mit'],
  ['---\nlicense:\n- apache-2.0\nlanguage:\n- zh\n---\n', 'apache-2.0'],
  ['---\nlicense: other # see below\nlicense_name: minicpm-model-license\n---\n', 'minicpm-model-license'],
  ['---\nlicense: other\n---\n', 'other'],
])('%j states %s', async (readme, licence) => {
  expect(await readLicence(folderWith(readme))).toBe(licence);
});

test.each([
  null,
  '',
  '# m\nlicense: mit',
  '---\nlanguage: en\n---\nlicense: mit',
  '---\nlicense: mit',
  '---\nlicense:\nlanguage: en\n---\n',
  `---\nlicense: ${'x'.repeat(65)}\n---\n`,
])('%j states none', async (readme) => {
  expect(await readLicence(folderWith(readme))).toBeNull();
});

test('a README that is too large or out of reach is no obstacle', async () => {
  expect(await readLicence(folderWith('---\nlicense: mit\n---\n'.padEnd((1 << 20) + 1)))).toBeNull();
  const offline = engineError('NetworkError', 'no answer');
  expect(await readLicence({ ...folderWith(null), open: () => Promise.reject(offline) })).toBeNull();
});
