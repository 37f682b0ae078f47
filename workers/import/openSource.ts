import { engineError } from '../errors';
import type { ModelSource } from '../protocol';
import type { FileSet } from './fileSet';
import { FileSource } from './fileSource';

/** The files behind a ModelSource. Throws InvalidFileError for a source that names no file. */
export function openSource(source: ModelSource, appUrl: string): FileSet {
  if (source.kind === 'files') return pickedFiles(source.files);
  throw engineError('UnsupportedError', `${source.kind} from ${appUrl}`);
}

function pickedFiles(files: File[]): FileSet {
  if (files.length === 0) throw engineError('InvalidFileError', 'No file was chosen.');
  const byName = new Map<string, File>();
  for (const file of files) {
    if (byName.has(file.name)) {
      throw engineError('InvalidFileError', `Two files are called ${file.name}: choose the files of one model only.`);
    }
    byName.set(file.name, file);
  }
  const folder = files[0]!.webkitRelativePath?.split('/').at(-2) ?? null;
  return {
    modelName: folder,
    info: { kind: 'files', location: folder ?? files.map((file) => file.name).join(', ') },
    fileNames: [...byName.keys()],
    open: async (name) => {
      const file = byName.get(name);
      return file ? new FileSource(file) : null;
    },
  };
}
