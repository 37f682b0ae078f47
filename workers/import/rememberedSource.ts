import { engineError } from '../errors';
import type { ModelSource, SourceInfo } from '../protocol/source';

/**
 * The source that an import remembers, to be read again. Throws InvalidFileError for local files: the browser forgets
 * them with the page.
 */
export function rememberedSource({ kind, location, revision, hub, files, urls }: SourceInfo): ModelSource {
  switch (kind) {
    case 'hub':
      return {
        kind,
        repo: location,
        ...(revision !== undefined && { revision }),
        ...(hub && { hub }),
        ...(files && { files }),
      };
    case 'url':
      return { kind, urls: urls ?? [location] };
    case 'bundled':
      return { kind, name: location };
    case 'files':
      throw engineError('InvalidFileError', `The files it came from are needed again: ${location}.`);
  }
}
