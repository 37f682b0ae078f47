import { expect } from 'vitest';
import type { Manifest, TensorEntry } from '../checkpoint/manifest';
import { Importer } from '../import/importer';
import type { TransferOptions } from '../protocol/importing';
import type { Quantization } from '../protocol/model';
import type { Progress } from '../protocol/progress';
import type { ModelSource } from '../protocol/source';
import { WeightStore } from '../storage/weightStore';

let databases = 0;

/** A database that no test has used. */
export function newDatabase(): string {
  return `weights-${databases++}`;
}

/** Every key in a weight database. */
export async function storedKeys(database: string): Promise<IDBValidKey[]> {
  const open = indexedDB.open(database);
  open.onupgradeneeded = () => open.result.createObjectStore('weights');
  await new Promise((resolve) => (open.onsuccess = resolve));
  const keys = open.result.transaction('weights').objectStore('weights').getAllKeys();
  await new Promise((resolve) => (keys.onsuccess = resolve));
  open.result.close();
  return keys.result;
}

export interface TestImport {
  database?: string;
  appUrl?: string;
  id?: string;
  quantization?: Quantization;
  token?: string;
  transfer?: TransferOptions;
  onProgress?: (progress: Progress) => void;
}

/** Imports files or another source and returns the stored manifest. */
export async function importModel(source: File[] | ModelSource, options: TestImport = {}): Promise<Manifest> {
  const { database = newDatabase(), appUrl = 'http://localhost/', id, quantization = 'auto' } = options;
  const request = {
    database,
    source: Array.isArray(source) ? { kind: 'files' as const, files: source } : source,
    id,
    quantization,
    token: options.token,
    transfer: options.transfer,
  };
  const info = await new Importer(appUrl).importModel(request, options.onProgress ?? (() => undefined));
  return new WeightStore(database).getManifest(info.id);
}

/** The hash of each stored chunk of a model behind the name of its tensor, sorted. */
export function hashes({ tensors }: Manifest): string[] {
  const ofTensor = ({ name, shards }: TensorEntry) =>
    shards.flatMap(({ chunks }) => chunks).map(({ hash }, i) => `${name} ${i} ${hash}`);
  return tensors.flatMap(ofTensor).sort();
}

/** Expects an import to be refused by a sentence that fits `place`, or to store just what `whole` has. */
export async function expectRefusedOrRight(files: File[], place: RegExp, whole: Promise<Manifest>) {
  const outcome = await importModel(files).catch((error: unknown) => error as Error);
  if (outcome instanceof Error) {
    expect(['InvalidFileError', 'UnsupportedError'], outcome.message).toContain(outcome.name);
    expect(outcome.message).toMatch(place);
  } else {
    expect(hashes(outcome)).toEqual(hashes(await whole));
  }
}

/** Expects an import to be refused within a second, by a sentence that fits `place`, and to leave nothing stored. */
export async function expectRefused(files: File[], place: RegExp, names = ['InvalidFileError', 'UnsupportedError']) {
  const database = newDatabase();
  const start = performance.now();
  const outcome = await importModel(files, { database }).catch((error: unknown) => error);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(outcome).toBeInstanceOf(Error);
  const { name, message } = outcome as Error;
  expect(names, message).toContain(name);
  expect(message).toMatch(place);
  expect(await storedKeys(database)).toEqual([]);
}
