import type { Dictionary } from '../i18n/en';
import type { SourceInfo } from '../../workers/protocol/source';

/** Where a model comes from, in a word or two: a repository, a host, or what stands for local files and the demo. */
export function originOf({ kind, location }: SourceInfo, text: Dictionary['models']): string {
  if (kind === 'bundled') return text.bundled;
  if (kind === 'files') return text.fromFiles;
  return kind === 'url' ? new URL(location).host : location;
}
