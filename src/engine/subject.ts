import type { ModelSource } from '../../workers/protocol/source';

/** What an import or a load is about, as far as it is known before the model itself has been read. */
export interface Subject {
  name: string;
  isDemo: boolean;
}

/** The name to show for a source: a repository, a file's or a folder's name, or the demo's own. */
export function subjectOf(source: ModelSource): Subject {
  switch (source.kind) {
    case 'bundled':
      return { name: source.name, isDemo: true };
    case 'hub':
      return { name: source.repo, isDemo: false };
    case 'url':
      return { name: lastSegment(source.urls[0] ?? ''), isDemo: false };
    case 'files': {
      const folder = source.folder ?? source.files[0]?.webkitRelativePath.split('/')[0];
      // Of single files the weights, the largest, tell more than a config.json.
      const [largest] = source.files.toSorted((a, b) => b.size - a.size);
      return { name: folder || (largest?.name ?? ''), isDemo: false };
    }
  }
}

function lastSegment(url: string): string {
  const segments = new URL(url).pathname.split('/').filter(Boolean);
  // 'owner/name/resolve/main/' is the folder of a whole repository.
  const isRepository = segments.length > 3 && segments.at(-2) === 'resolve' && url.endsWith('/');
  return decodeURIComponent(segments.at(isRepository ? -3 : -1) ?? url);
}
