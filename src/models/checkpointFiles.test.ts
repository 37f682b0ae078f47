import { expect, test } from 'vitest';
import { checkpointFiles, foundModel } from './checkpointFiles';

/** The paths of the chosen files among files at these paths. */
function chosen(...paths: string[]): string[] {
  const found = paths.map((path) => ({ path, file: new File([], path.split('/').at(-1)!) }));
  const files = checkpointFiles(found);
  return found.filter(({ file }) => files.includes(file)).map(({ path }) => path);
}

test('a cloned repository is read without its hidden folders and other formats', () => {
  const own = ['repo/config.json', 'repo/model.safetensors', 'repo/tokenizer.json'];
  expect(chosen('repo/.git/HEAD', 'repo/.git/logs/HEAD', 'repo/onnx/config.json', ...own)).toEqual(own);
});

test('a checkpoint one folder below is found', () => {
  expect(chosen('all/readme.txt', 'all/model/config.json', 'all/model/model.safetensors')).toEqual([
    'all/model/config.json',
    'all/model/model.safetensors',
  ]);
});

test('of a folder with GGUF files they are taken', () => {
  expect(chosen('folder/a.GGUF', 'folder/old/a.gguf')).toEqual(['folder/a.GGUF']);
});

test('files picked one by one, and folders without any model, are left as they are', () => {
  expect(chosen('config.json', 'model.safetensors')).toHaveLength(2);
  expect(chosen('photos/a.jpg', 'photos/b/c.jpg')).toHaveLength(2);
});

test('a model goes by the folder that it lies in, picked or dropped', () => {
  const file = new File([], 'config.json');
  const folderOf = (path: string) => foundModel([{ file, path }]);
  expect(folderOf('all/MiniCPM5-1B/config.json')).toEqual({ kind: 'files', files: [file], folder: 'MiniCPM5-1B' });
  expect(folderOf('/MiniCPM5-1B/config.json')).toMatchObject({ folder: 'MiniCPM5-1B' });
  for (const path of ['', 'config.json', '/config.json'])
    expect(folderOf(path)).toEqual({ kind: 'files', files: [file] });
  expect(foundModel([])).toBeNull();
});
