import { engineError } from '../errors';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { openGgufCheckpoint } from './ggufCheckpoint';
import { openHuggingFaceCheckpoint } from './huggingFace';

/**
 * Opens what the files hold: a GGUF file, also with the mmproj file of its vision part, else a checkpoint for transformers.
 * Throws UnsupportedError, InvalidFileError, ModelNotFoundError or NetworkError.
 */
export function openCheckpoint(files: FileSet): Promise<Checkpoint> {
  const names = files.fileNames.filter((name) => name.toLowerCase().endsWith('.gguf'));
  const vision = names.filter((name) => /mmproj/i.test(name));
  const [language, ...others] = names.filter((name) => !vision.includes(name));
  if (language === undefined && vision.length === 0) return openHuggingFaceCheckpoint(files);
  if (others.length === 0 && vision.length <= 1) return openGgufCheckpoint(files, language ?? vision[0]!, vision[0]);
  throw engineError('UnsupportedError', `${names.join(', ')}: several GGUF files cannot be imported at once.`);
}
