import type { ModelSource } from '../../workers/protocol/source';
import { hubSource, pageOf, sitesWith, type RepositoryPart } from './hubSource';
import { MODELSCOPE, siteAt, SITES, type SourceChoice } from './hubs';

/** A model named by the reader, with the hosts it may come from and the page that states its terms. */
export interface NamedSource {
  source: ModelSource;
  hosts: string[];
  page: string;
}

const REPO = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*(@[\w./-]+)?$/;

/**
 * Reads what was typed: 'owner/name' (with '@revision' where wanted) on the chosen site, a page of a model on a known
 * site, or the URL of a GGUF file, of config.json or of a checkpoint's folder. Null where it is none of these.
 */
export function parseModelSource(typed: string, choice: SourceChoice): NamedSource | null {
  const text = typed.trim();
  if (REPO.test(text)) {
    const [repo = '', revision] = text.split('@');
    return onSites(repo, choice, { revision });
  }
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  return (
    sitePage(url) ?? { source: { kind: 'url', urls: [url.href] }, hosts: [url.host], page: new URL('.', url).href }
  );
}

/** 'https://site/owner/name', '…/tree/revision' or '…/blob/revision/file' on a known site. */
function sitePage(url: URL): NamedSource | null {
  const host = url.host.replace(/^www\./, '');
  const site = SITES.find((known) => new URL(known.url).host === host);
  const path = url.pathname.split('/').filter(Boolean);
  if (site?.shape === 'modelscope' && path.shift() !== 'models') return null;
  const [owner, name, view, revision, ...file] = path;
  if (!site || !owner || !name) return null;
  const isView = view === 'tree' || view === 'blob' || view === 'resolve';
  const files = file.length > 0 && view !== 'tree' ? [file.map(decodeURIComponent).join('/')] : undefined;
  return onSites(`${owner}/${name}`, site.url, { revision: isView ? revision : undefined, files });
}

/**
 * A name that was typed is one of Hugging Face and its mirrors: on ModelScope another owner may have it. So it is looked up
 * there only where ModelScope was chosen.
 */
function onSites(repo: string, choice: SourceChoice, part: RepositoryPart): NamedSource | null {
  const isModelScope = choice !== 'automatic' && siteAt(choice).shape === MODELSCOPE.shape;
  const names = { huggingFace: repo, modelScope: isModelScope ? repo : null };
  const source = hubSource(names, choice, part);
  const sites = sitesWith(names, choice);
  return source && { source, hosts: sites.map(({ url }) => new URL(url).host), page: pageOf(names, sites[0]!) };
}
