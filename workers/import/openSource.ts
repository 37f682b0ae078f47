import { engineError } from '../errors';
import type { ModelSource } from '../protocol';
import type { FileSet } from './fileSet';
import { FileSource } from './fileSource';
import { UrlSource } from './urlSource';

const HUGGING_FACE = 'https://huggingface.co';

/** A bundled model has just these: asking for others would fill the console with failed requests. */
const BUNDLED_FILES = [
  'README.md',
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

/**
 * The files behind a ModelSource; nothing is read yet. Bundled models lie in `models/` below `appUrl`.
 * Throws InvalidFileError for a source that names no file, two alike, or no proper address.
 */
export function openSource(source: ModelSource, appUrl: string): FileSet {
  switch (source.kind) {
    case 'files':
      return pickedFiles(source.files);
    case 'url':
      return fromUrls(source.urls);
    case 'hub':
      return fromHub(source);
    case 'bundled':
      return bundledModel(source.name, appUrl);
  }
}

function pickedFiles(files: File[]): FileSet {
  const byName = uniqueByName(files, (file) => file.name);
  const folder = files[0]?.webkitRelativePath?.split('/').at(-2) ?? null;
  return {
    modelName: folder,
    info: { kind: 'files', location: folder ?? [...byName.keys()].join(', ') },
    fileNames: [...byName.keys()],
    open: async (name) => {
      const file = byName.get(name);
      return file ? new FileSource(file) : null;
    },
  };
}

/** One URL of a folder, or of a file in one, stands for the folder; several are all the files there are. */
function fromUrls(urls: string[]): FileSet {
  const byName = uniqueByName(urls, (url) => decoded(parseUrl(url).pathname.split('/').at(-1)!));
  const [[firstName, firstUrl]] = [...byName] as [[string, string]];
  // A query may hold a secret, and the address is shown and stored.
  const info = { kind: 'url' as const, location: firstUrl.replace(/[?#].*/, '') };
  const isFile = /\.(gguf|json|safetensors|bin|jinja)$/i.test(firstName);
  if (urls.length === 1 && !firstName.endsWith('.gguf')) {
    const folder = parseUrl(firstUrl);
    folder.pathname = folder.pathname.replace(isFile ? /[^/]*$/ : /\/?$/, isFile ? '' : '/');
    return { ...folderOnServer(folder.href, isFile ? [firstName] : []), info };
  }
  return {
    modelName: folderName(firstUrl),
    info,
    fileNames: [...byName.keys()],
    open: async (name) => {
      const url = byName.get(name);
      return url === undefined ? null : UrlSource.open(url);
    },
  };
}

function fromHub({ repo, revision, files, hub }: Extract<ModelSource, { kind: 'hub' }>): FileSet {
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(repo)) {
    throw engineError('InvalidFileError', `"${repo}" is not the name of a repository, such as openbmb/MiniCPM4-0.5B.`);
  }
  const base = (hub ?? HUGGING_FACE).replace(/\/+$/, '');
  const folder = parseUrl(`${base}/${repo}/resolve/${encodeURIComponent(revision ?? 'main')}/`).href;
  return {
    ...folderOnServer(folder, files ?? []),
    modelName: repo.split('/').at(-1)!,
    info: { kind: 'hub', location: repo, ...(revision !== undefined && { revision }) },
  };
}

function bundledModel(name: string, appUrl: string): FileSet {
  const folder = folderOnServer(new URL(`models/${encodeURIComponent(name)}/`, appUrl).href, BUNDLED_FILES);
  return {
    ...folder,
    modelName: name,
    info: { kind: 'bundled', location: name },
    open: async (fileName) => (BUNDLED_FILES.includes(fileName) ? folder.open(fileName) : null),
  };
}

/** A folder tells only the names that were given, but any file in it can be asked for, with the query of the folder. */
function folderOnServer(folder: string, fileNames: string[]): Omit<FileSet, 'info'> {
  return {
    modelName: folderName(folder),
    fileNames,
    open: (name) => {
      const url = new URL(name.split('/').map(encodeURIComponent).join('/'), folder);
      url.search = new URL(folder).search;
      return UrlSource.open(url.href);
    },
  };
}

/** The folder that a URL lies in; of a hub's `…/repo/resolve/main/` the repository. */
function folderName(url: string): string | null {
  const folders = new URL(url).pathname.split('/').slice(1, -1);
  const resolve = folders.lastIndexOf('resolve');
  const name = folders.at(resolve > 0 ? resolve - 1 : -1);
  return name === undefined ? null : decoded(name);
}

/** A part of a path as people write it; one with stray percent signs stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function uniqueByName<T>(items: T[], nameOf: (item: T) => string): Map<string, T> {
  if (items.length === 0) throw engineError('InvalidFileError', 'No file was chosen.');
  const byName = new Map<string, T>();
  for (const item of items) {
    const name = nameOf(item);
    if (byName.has(name)) {
      throw engineError('InvalidFileError', `Two files are called ${name}: choose the files of one model only.`);
    }
    byName.set(name, item);
  }
  return byName;
}

function parseUrl(url: string): URL {
  // URL.parse is missing in browsers that have WebGPU.
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed && /^https?:$/.test(parsed.protocol)) return parsed;
  throw engineError('InvalidFileError', `"${url}" is not a web address of the form https://….`);
}
