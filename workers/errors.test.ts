import { expect, test } from 'vitest';
import { missingFiles, missingFilesError, storageFullError, storageShortage } from './errors';

test('the numbers of a full storage are read back from its message', () => {
  const before = storageFullError(1_234_560_000, 98_700_000);
  expect(before).toMatchObject({ name: 'StorageFullError', message: expect.stringContaining('1234.6 MB') as string });
  expect(storageShortage(before.message)).toEqual({ neededBytes: 1_234_600_000, freeBytes: 98_700_000 });
  expect(storageShortage(storageFullError(5_000_000, null).message)).toEqual({
    neededBytes: 5_000_000,
    freeBytes: null,
  });
  expect(storageShortage(storageFullError(5_000_000, -3).message)).toEqual({ neededBytes: 5_000_000, freeBytes: 0 });
  expect(storageShortage('The browser has no room left to store more of this model.')).toBeNull();
});

test('the names of missing files are read back from the message', () => {
  const read = (names: string[], chosen: string) => missingFiles(missingFilesError(names, chosen).message);
  expect(read(['model-2.safetensors', 'model-3.safetensors'], 'MiniCPM')).toEqual([
    'model-2.safetensors',
    'model-3.safetensors',
  ]);
  expect(read(['config.json'], 'model.safetensors')).toEqual(['config.json']);
  expect(read(['config.json'], 'letter.txt')).toBeNull();
  expect(missingFiles('model.safetensors: the header is damaged.')).toBeNull();
});
