import type { FoundFile } from './checkpointFiles';

/** How deep a dropped folder is looked into: a checkpoint keeps its files in the folder itself or one below. */
const MAX_DEPTH = 2;

/** The files of a drop, with those inside dropped folders. */
export async function droppedFiles(data: DataTransfer): Promise<FoundFile[]> {
  // All at once: the items are gone after the event. What is no file on a disk, such as a picture of another page, has no entry.
  const found = [...data.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const files = await Promise.all(
    found.map((one) => {
      if (one instanceof File) return [{ file: one, path: '' }];
      return one ? filesBelow(one, MAX_DEPTH) : [];
    }),
  );
  return files.flat();
}

async function filesBelow(entry: FileSystemEntry, depth: number): Promise<FoundFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath }];
  }
  if (!isFolder(entry) || depth === 0) return [];
  const files = await Promise.all((await entriesOf(entry)).map((child) => filesBelow(child, depth - 1)));
  return files.flat();
}

// Chromium has these classes, but no names for them.
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** A reader hands out a folder's entries in batches until an empty one. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}
