import { engineError } from '../errors';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { openGgufCheckpoint } from './ggufCheckpoint';
import { openHuggingFaceCheckpoint } from './huggingFace';

/**
 * Opens what the files hold: a GGUF file, else a checkpoint for transformers.
 * Throws UnsupportedError, InvalidFileError, ModelNotFoundError or NetworkError.
 */
export function openCheckpoint(files: FileSet): Promise<Checkpoint> {
  const [gguf, ...others] = files.fileNames.filter((name) => name.toLowerCase().endsWith('.gguf'));
  if (gguf === undefined) return openHuggingFaceCheckpoint(files);
  if (others.length === 0) return openGgufCheckpoint(files, gguf);
  const mmproj = [gguf, ...others].find((name) => name.includes('mmproj'));
  const reason = mmproj
    ? `vision models are not supported yet. Leave out ${mmproj} to import the language model alone`
    : 'several GGUF files cannot be imported at once';
  throw engineError('UnsupportedError', `${[gguf, ...others].join(', ')}: ${reason}.`);
}
