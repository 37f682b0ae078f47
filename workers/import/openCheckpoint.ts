import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { openHuggingFaceCheckpoint } from './huggingFace';

/** Opens what the files hold. Throws UnsupportedError, InvalidFileError or NetworkError. */
export function openCheckpoint(files: FileSet): Promise<Checkpoint> {
  return openHuggingFaceCheckpoint(files);
}
