import type { Hub, ModelSource } from '../../workers/protocol/source';
import type { Site, SourceChoice } from './hubs';
import { sitesOf } from './hubs';

/** What a repository is called on Hugging Face, and on sites of its shape; and on ModelScope, null where it is not there. */
export interface RepositoryNames {
  huggingFace: string;
  modelScope: string | null;
}

export interface RepositoryPart {
  revision?: string | undefined;
  files?: string[] | undefined;
}

/** The sites of a choice that have the repository. */
export function sitesWith(names: RepositoryNames, choice: SourceChoice): readonly Site[] {
  return sitesOf(choice).filter((site) => nameOn(site, names) !== null);
}

/**
 * A repository as the engine imports it: from the chosen site, or from the first to answer. Null where none of the chosen
 * sites has it.
 */
export function hubSource(
  names: RepositoryNames,
  choice: SourceChoice,
  { revision, files }: RepositoryPart = {},
): Extract<ModelSource, { kind: 'hub' }> | null {
  const hubs = sitesWith(names, choice).map((site): Hub => {
    const repo = nameOn(site, names)!;
    return { url: site.url, shape: site.shape, ...(repo !== names.huggingFace && { repo }) };
  });
  if (hubs.length === 0) return null;
  return {
    kind: 'hub',
    repo: names.huggingFace,
    hub: hubs,
    ...(revision !== undefined && { revision }),
    ...(files && { files: [...files] }),
  };
}

/** The page of a repository on a site, with its terms. */
export function pageOf(names: RepositoryNames, site: Site): string {
  const folder = site.shape === 'modelscope' ? `${site.url}/models` : site.url;
  return `${folder}/${nameOn(site, names) ?? names.huggingFace}`;
}

function nameOn(site: Site, { huggingFace, modelScope }: RepositoryNames): string | null {
  return site.shape === 'modelscope' ? modelScope : huggingFace;
}
