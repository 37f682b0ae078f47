import { engineError, missingFilesError } from '../errors';
import type { SourceInfo } from '../protocol/source';
import type { ByteSource } from './byteSource';

/** The files of a checkpoint, wherever they are. */
export interface FileSet {
  /** What the model is called; null where only its files could tell. */
  modelName: string | null;
  info: SourceInfo;
  /** The names of the files that were given; a hub's folder tells none. */
  fileNames: string[];
  /** The file of this name, or null where there is none. Throws NetworkError. */
  open(fileName: string): Promise<ByteSource | null>;
}

/**
 * The error for a file that a checkpoint needs and does not have: the choice of files is wrong, or the address, or, where
 * the folder of a named model has no configuration, the name.
 */
export function missingFile(files: FileSet, fileName: string): Error {
  const { kind, location } = files.info;
  if (kind === 'files') return missingFilesError([fileName], location);
  // Of several addresses, nobody was asked for another.
  if (kind === 'url' && files.fileNames.length > 1 && !files.fileNames.includes(fileName)) {
    return engineError('InvalidFileError', `There is no ${fileName} among the addresses that were given.`);
  }
  if (kind !== 'url' && fileName === 'config.json') {
    return engineError('ModelNotFoundError', `No such model: there is no ${fileName} at ${location}.`);
  }
  return engineError('NetworkError', `There is no ${fileName} at ${location}: the server does not know it.`);
}
