/** The closed list of names by which callers recognise an error. Comlink carries `name` and `message` across threads and nothing else. */
export type EngineErrorName =
  | 'UnsupportedError'
  | 'InvalidFileError'
  | 'ModelNotFoundError'
  | 'ModelCorruptError'
  | 'ModelInUseError'
  | 'NetworkError'
  | 'SourceChangedError'
  | 'StorageFullError'
  | 'OutOfMemoryError'
  | 'DeviceLostError'
  | 'ContextFullError'
  | 'AbortError';

/** An Error with one of the names above. `message` says what is wrong and where, in plain English. */
export function engineError(name: EngineErrorName, message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  error.name = name;
  return error;
}

/** A StorageFullError of which `storageShortage` reads the numbers back; `freeBytes` is null where the browser does not tell. */
export function storageFullError(neededBytes: number, freeBytes: number | null, cause?: unknown): Error {
  const message =
    freeBytes === null
      ? `The browser has no room left: this model needs ${inMegabytes(neededBytes)} more. What is stored is kept.`
      : `The model needs ${inMegabytes(neededBytes)} of storage, and the browser has ${inMegabytes(freeBytes)} left for this page.`;
  return engineError('StorageFullError', message, cause);
}

/** How much room is missing, to a tenth of a megabyte, as the message of a StorageFullError states it; null for none. */
export function storageShortage(message: string): { neededBytes: number; freeBytes: number | null } | null {
  const [needed, free] = [...message.matchAll(/([\d.]+) MB/g)].map(([, megabytes]) =>
    Math.round(Number(megabytes) * 1e6),
  );
  return needed === undefined ? null : { neededBytes: needed, freeBytes: free ?? null };
}

/** An InvalidFileError of which `missingFiles` reads the names back; `chosen` tells of the files that were chosen. */
export function missingFilesError(names: readonly string[], chosen: string): Error {
  const verb = names.length === 1 ? 'is' : 'are';
  return engineError('InvalidFileError', `There ${verb} no ${names.join(', ')} among the chosen files (${chosen}).`);
}

/**
 * The files that are missing, as the message of an InvalidFileError states them; null for none. Without a configuration, it
 * takes weights to call the rest a model.
 */
export function missingFiles(message: string): string[] | null {
  const [, names, chosen] = /^There (?:is|are) no (.+) among the chosen files \((.*)\)\.$/s.exec(message) ?? [];
  if (names === undefined || (names === 'config.json' && !/\.(safetensors|bin)\b/.test(chosen!))) return null;
  return names.split(', ');
}

function inMegabytes(bytes: number): string {
  return `${(Math.max(0, bytes) / 1e6).toFixed(1)} MB`;
}

/** True for the errors made by `engineError` (and the platform's own AbortError) with this name. */
export function hasErrorName(error: unknown, name: EngineErrorName): boolean {
  return error instanceof Error && error.name === name;
}
