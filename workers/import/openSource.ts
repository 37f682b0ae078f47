import { engineError } from '../errors';
import type { TransferOptions } from '../protocol/importing';
import type { ModelSource } from '../protocol/source';
import type { ByteSource } from './byteSource';
import type { FileSet } from './fileSet';
import { FileSource } from './fileSource';
import type { HubFile } from './hub';
import { findRepository, hubsOf } from './hub';
import type { Transfer } from './transfer';
import { createTransfer } from './transfer';
import { UrlDocument } from './urlDocument';
import { UrlSource } from './urlSource';

/** Only what is needed of these is fetched; all other files are read as a whole. */
const WEIGHTS = /\.(safetensors|gguf|bin|pt|pth)$/i;

/** A bundled model has just these: asking for others would fill the console with failed requests. */
const BUNDLED_FILES = [
  'README.md',
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

export interface SourceSettings {
  /** Bundled models lie in `models/` below it. */
  appUrl: string;
  /** For hubs that were named without one. */
  token?: string | undefined;
  transfer?: TransferOptions | undefined;
}

/**
 * The files behind a ModelSource; nothing is read yet but a hub's description of its repository.
 * Throws InvalidFileError for a source that names no file, two alike, or no proper address.
 */
export async function openSource(source: ModelSource, settings: SourceSettings): Promise<FileSet> {
  switch (source.kind) {
    case 'files':
      return pickedFiles(source.files, source.folder);
    case 'url':
      return fromUrls(source.urls, createTransfer(settings.transfer));
    case 'hub':
      return fromHub(source, settings);
    case 'bundled':
      return bundledModel(source.name, settings.appUrl, createTransfer(settings.transfer));
  }
}

function pickedFiles(files: File[], stated: string | undefined): FileSet {
  const byName = uniqueByName(files, (file) => file.name);
  const folder = stated ?? files[0]?.webkitRelativePath?.split('/').at(-2) ?? null;
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
function fromUrls(urls: string[], transfer: Transfer): FileSet {
  const byName = uniqueByName(urls, (url) => decoded(parseUrl(url).pathname.split('/').at(-1)!));
  const [[firstName, firstUrl]] = [...byName] as [[string, string]];
  // A query may hold a secret, and the address is shown and stored.
  const publicUrls = urls.map((url) => url.replace(/[?#].*/, ''));
  const info = { kind: 'url' as const, location: publicUrls[0]!, urls: publicUrls };
  const isFile = /\.(gguf|json|safetensors|bin|model|jinja)$/i.test(firstName);
  if (urls.length === 1 && !firstName.endsWith('.gguf')) {
    const folder = parseUrl(firstUrl);
    folder.pathname = folder.pathname.replace(isFile ? /[^/]*$/ : /\/?$/, isFile ? '' : '/');
    return { ...folderOnServer(folder.href, isFile ? [firstName] : [], transfer), info };
  }
  return {
    modelName: folderName(firstUrl),
    info,
    fileNames: [...byName.keys()],
    open: async (name) => {
      const url = byName.get(name);
      return url === undefined ? null : openUrl(url, transfer);
    },
  };
}

async function fromHub(source: Extract<ModelSource, { kind: 'hub' }>, settings: SourceSettings): Promise<FileSet> {
  const { repo, files = [] } = source;
  const repository = await findRepository(hubsOf(source, settings.token), source.revision);
  const { hub, revision, branch, files: stated, folder } = repository;
  const { token, ...publicHub } = hub;
  const tokens = new Map(token === undefined ? [] : [[new URL(hub.url).origin, token]]);
  return {
    ...folderOnServer(parseUrl(folder).href, files, createTransfer(settings.transfer, tokens), stated),
    modelName: repo.split('/').at(-1)!,
    info: {
      kind: 'hub',
      location: repo,
      revision,
      ...(branch !== revision && { branch }),
      hub: publicHub,
      ...(files.length > 0 && { files }),
    },
  };
}

function bundledModel(name: string, appUrl: string, transfer: Transfer): FileSet {
  const folder = folderOnServer(new URL(`models/${encodeURIComponent(name)}/`, appUrl).href, BUNDLED_FILES, transfer);
  return {
    ...folder,
    modelName: name,
    info: { kind: 'bundled', location: name },
    open: async (fileName) => (BUNDLED_FILES.includes(fileName) ? folder.open(fileName) : null),
  };
}

/**
 * A folder tells only the names that were given, but any file in it can be asked for, with the query of the folder;
 * where it is known what is `stated` to be in it, for nothing else.
 */
function folderOnServer(
  folder: string,
  fileNames: string[],
  transfer: Transfer,
  stated: ReadonlyMap<string, HubFile> | null = null,
): Omit<FileSet, 'info'> {
  return {
    modelName: folderName(folder),
    fileNames,
    open: async (name) => {
      if (stated && !stated.has(name)) return null;
      const url = new URL(name.split('/').map(encodeURIComponent).join('/'), folder);
      url.search = new URL(folder).search;
      return openUrl(url.href, transfer, stated?.get(name)?.sha256 ?? null);
    },
  };
}

function openUrl(url: string, transfer: Transfer, statedHash: string | null = null): Promise<ByteSource | null> {
  const { pathname } = new URL(url);
  return WEIGHTS.test(pathname)
    ? UrlSource.open(url, transfer, statedHash)
    : UrlDocument.open(url, transfer, statedHash);
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
