import type { ModelSource } from '../../workers/protocol';

export const HUBS = ['https://huggingface.co', 'https://hf-mirror.com'] as const;

/** A model named by the reader, with the host it comes from and the page that states its terms. */
export interface NamedSource {
  source: ModelSource;
  host: string;
  page: string;
}

const REPO = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*(@[\w./-]+)?$/;

/**
 * Reads what was typed: 'owner/name' (with '@revision' where wanted) on `hub`, a page of a model on one of the HUBS,
 * or the URL of a GGUF file, of config.json or of a checkpoint's folder. Null where it is none of these.
 */
export function parseModelSource(typed: string, hub: string = HUBS[0]): NamedSource | null {
  const text = typed.trim();
  if (REPO.test(text)) {
    const [repo = '', revision] = text.split('@');
    return hubSource(hub, repo, revision);
  }
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  return hubPage(url) ?? { source: { kind: 'url', urls: [url.href] }, host: url.host, page: folderOf(url) };
}

/** 'https://hub/owner/name', '…/tree/revision' or '…/blob/revision/file' on a known hub. */
function hubPage(url: URL): NamedSource | null {
  if (!HUBS.some((hub) => hub === url.origin)) return null;
  const [owner, name, view, revision, ...file] = url.pathname.split('/').filter(Boolean);
  if (!owner || !name) return null;
  const repo = `${owner}/${name}`;
  if (file.length === 0) return hubSource(url.origin, repo, view === 'tree' ? revision : undefined);
  const fileUrl = `${url.origin}/${repo}/resolve/${revision}/${file.join('/')}`;
  return { source: { kind: 'url', urls: [fileUrl] }, host: url.host, page: `${url.origin}/${repo}` };
}

function hubSource(hub: string, repo: string, revision?: string): NamedSource {
  const source = { kind: 'hub', repo, ...(revision ? { revision } : {}), ...(hub === HUBS[0] ? {} : { hub }) } as const;
  return { source, host: new URL(hub).host, page: `${hub}/${repo}` };
}

function folderOf(url: URL): string {
  return new URL('.', url).href;
}
