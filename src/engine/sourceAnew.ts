import type { ModelSource, SourceInfo } from '../../workers/protocol/source';

/** The source of a model or an import, to be imported as it is by now; null for local files, which the browser forgets. */
export function sourceAnew({ kind, location, branch, hub, files, urls }: SourceInfo): ModelSource | null {
  switch (kind) {
    case 'hub':
      return {
        kind,
        repo: location,
        ...(branch !== undefined && { revision: branch }),
        ...(hub && { hub }),
        ...(files && { files }),
      };
    case 'url':
      return { kind, urls: urls ?? [location] };
    case 'bundled':
      return { kind, name: location };
    case 'files':
      return null;
  }
}

/** Whether two sources are the same files of the same place. */
export function isSameSource(a: ModelSource, b: ModelSource): boolean {
  return asText(a) === asText(b);
}

function asText(source: ModelSource): string {
  if (source.kind !== 'files') return JSON.stringify(source);
  return JSON.stringify(source.files.map(({ name, size, lastModified }) => [name, size, lastModified]));
}
