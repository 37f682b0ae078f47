import type { SourceInfo } from '../protocol';
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
