import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const NANO = 'public/models/nano';
export const WEIGHTS = 'model.safetensors';

/** The files of the demo model by name, as a server has them. */
export const nanoFiles: ReadonlyMap<string, Uint8Array> = new Map(
  readdirSync(NANO).map((name) => [name, new Uint8Array(readFileSync(join(NANO, name)))]),
);
