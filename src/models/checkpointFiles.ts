import type { ModelSource } from '../engine/api';

/** A file, and its path from where it was picked or dropped: 'folder/config.json'. Empty for a file by itself. */
export interface FoundFile {
  file: File;
  path: string;
}

/**
 * The files beside the topmost config.json or GGUF; all files where there is neither. A repository's folder also has
 * hidden folders and folders of other formats in it, with files of the same names.
 */
export function checkpointFiles(found: readonly FoundFile[]): File[] {
  const [top] = found
    .filter(({ file }) => /^config\.json$|\.gguf$/i.test(file.name))
    .map(({ path }) => folderOf(path))
    .sort((a, b) => a.length - b.length);
  return found.filter(({ path }) => !top || folderOf(path).join('/') === top.join('/')).map(({ file }) => file);
}

/** The model among files that were picked or dropped, with the folder that it lies in; null where there are no files. */
export function foundModel(found: readonly FoundFile[]): ModelSource | null {
  const files = checkpointFiles(found);
  if (files.length === 0) return null;
  const folder = folderOf(found.find(({ file }) => file === files[0])!.path).at(-1);
  return { kind: 'files', files, ...(folder && { folder }) };
}

function folderOf(path: string): string[] {
  return path.split('/').slice(0, -1);
}
