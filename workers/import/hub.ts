import { isJsonObject } from '../checkpoint/json';
import { engineError } from '../errors';
import type { Hub, ModelSource } from '../protocol/source';

type HubSource = Extract<ModelSource, { kind: 'hub' }>;

const HUGGING_FACE: Hub = { url: 'https://huggingface.co' };
const MODELSCOPE_HOSTS = /(^|\.)modelscope\.(cn|ai)$/;

/** A hub that does not describe a repository by then is used without its description. */
const DESCRIBE_MILLISECONDS = 10_000;

const COMMIT = /^[0-9a-f]{40}$/;

/** A hub of which everything is known. */
export type KnownHub = Required<Pick<Hub, 'url' | 'shape' | 'repo'>> & Pick<Hub, 'token'>;

/** A file of a repository as its hub states it. */
export interface HubFile {
  /** In lower-case hex; null for files that the hub does not hash. */
  sha256: string | null;
}

/** A repository at one commit. */
export interface Repository {
  hub: KnownHub;
  /** The commit, where the hub tells it; else what was asked for. */
  revision: string;
  /** What was asked for: a branch, a tag, or the commit itself. */
  branch: string;
  /** Every file by its path; null where the hub does not tell. */
  files: ReadonlyMap<string, HubFile> | null;
  /** What file names are relative to. */
  folder: string;
}

/**
 * The hubs of a source, in the order of preference. `token` is for the only hub, where that has none by itself: of several,
 * mirrors would get it, too. Throws InvalidFileError.
 */
export function hubsOf({ repo, hub = HUGGING_FACE }: HubSource, token?: string): KnownHub[] {
  const list = Array.isArray(hub) ? hub : [hub];
  return list.map((given) => {
    const named = typeof given === 'string' ? { url: given } : given;
    const url = named.url.replace(/\/+$/, '');
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw engineError('InvalidFileError', `"${named.url}" is not a web address of the form https://….`);
    }
    const { shape = MODELSCOPE_HOSTS.test(new URL(url).hostname) ? 'modelscope' : 'hugging-face' } = named;
    const known = { url, shape, repo: named.repo ?? repo };
    if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(known.repo)) {
      const message = `"${known.repo}" is not the name of a repository, such as openbmb/MiniCPM4-0.5B.`;
      throw engineError('InvalidFileError', message);
    }
    const secret = named.token ?? (list.length === 1 ? token : undefined);
    return secret === undefined ? known : { ...known, token: secret };
  });
}

/**
 * The repository on the hub that describes it first, pinned to a commit. Where none does, the first hub is taken as it
 * is: mirrors of files need not have an API.
 */
export async function findRepository(hubs: KnownHub[], revision: string | undefined): Promise<Repository> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), DESCRIBE_MILLISECONDS);
  try {
    return await Promise.any(hubs.map((hub) => describe(hub, revision, ending.signal)));
  } catch {
    const [hub] = hubs as [KnownHub];
    return repositoryAt(hub, revision ?? mainBranch(hub), null, null);
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}

function repositoryAt(hub: KnownHub, branch: string, commit: string | null, files: Repository['files']): Repository {
  const models = hub.shape === 'modelscope' ? '/models' : '';
  const revision = commit ?? branch;
  const folder = `${hub.url}${models}/${hub.repo}/resolve/${encodeURIComponent(revision)}/`;
  return { hub, revision, branch, files, folder };
}

/** The branch that a hub takes where none is asked for. */
export function mainBranch({ shape }: KnownHub): string {
  return shape === 'modelscope' ? 'master' : 'main';
}

/** Asks a hub for commit and files. Rejects where it does not answer as its shape has it. */
async function describe(hub: KnownHub, revision: string | undefined, signal: AbortSignal): Promise<Repository> {
  const asked = revision ?? mainBranch(hub);
  const isModelScope = hub.shape === 'modelscope';
  const api = isModelScope
    ? `${hub.url}/api/v1/models/${hub.repo}/repo/files?Recursive=true&Revision=${encodeURIComponent(asked)}`
    : `${hub.url}/api/models/${hub.repo}/revision/${encodeURIComponent(asked)}?blobs=true`;
  const headers: HeadersInit = hub.token === undefined ? {} : { Authorization: `Bearer ${hub.token}` };
  const response = await fetch(api, { headers, signal, credentials: 'same-origin', referrerPolicy: 'no-referrer' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const answer: unknown = await response.json();
  const { commit, files } = isModelScope ? readModelScope(answer) : readHuggingFace(answer);
  return repositoryAt(hub, asked, commit, files);
}

interface Description {
  commit: string | null;
  files: Map<string, HubFile>;
}

/** Hugging Face: `sha`, and `siblings` with the LFS hash of large files. */
function readHuggingFace(answer: unknown): Description {
  if (!isJsonObject(answer) || !Array.isArray(answer.siblings)) throw new Error('no list of files');
  const files = new Map<string, HubFile>();
  for (const file of answer.siblings as unknown[]) {
    if (!isJsonObject(file) || typeof file.rfilename !== 'string') throw new Error('a file without a name');
    files.set(file.rfilename, { sha256: isJsonObject(file.lfs) ? hashIn(file.lfs.sha256) : null });
  }
  return { commit: commitIn(answer.sha), files };
}

/** ModelScope: `Data.Files`, each with its SHA-256; the commit is sometimes left empty. */
function readModelScope(answer: unknown): Description {
  const data = isJsonObject(answer) ? answer.Data : null;
  if (!isJsonObject(data) || !Array.isArray(data.Files)) throw new Error('no list of files');
  const files = new Map<string, HubFile>();
  for (const file of data.Files as unknown[]) {
    if (!isJsonObject(file) || typeof file.Path !== 'string') throw new Error('a file without a path');
    if (file.Type !== 'tree') files.set(file.Path, { sha256: hashIn(file.Sha256) });
  }
  return { commit: isJsonObject(data.LatestCommitter) ? commitIn(data.LatestCommitter.Id) : null, files };
}

function commitIn(value: unknown): string | null {
  return typeof value === 'string' && COMMIT.test(value) ? value : null;
}

function hashIn(value: unknown): string | null {
  return typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : null;
}
