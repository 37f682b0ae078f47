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

/** True for the errors made by `engineError` (and the platform's own AbortError) with this name. */
export function hasErrorName(error: unknown, name: EngineErrorName): boolean {
  return error instanceof Error && error.name === name;
}
