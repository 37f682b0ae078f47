import type { ModelInfo, ModelSource } from '../../workers/protocol';
import { recall, remember } from '../app/remembered';

type Origin = { repo: string; files?: string[] | undefined };

/** Keeps the context that was chosen for what is imported from a repository. */
export function rememberContext({ repo, files }: Extract<ModelSource, { kind: 'hub' }>, contextLength: number): void {
  remember('modelContexts', JSON.stringify({ ...contexts(), [keyOf({ repo, files })]: contextLength }));
}

/** The context that was chosen for a stored model; undefined where none was. */
export function chosenContext({ source }: ModelInfo): number | undefined {
  if (source.kind !== 'hub') return undefined;
  const context: unknown = contexts()[keyOf({ repo: source.location, files: source.files })];
  return typeof context === 'number' && Number.isInteger(context) && context > 0 ? context : undefined;
}

function keyOf({ repo, files = [] }: Origin): string {
  return [repo, ...files].join(' ');
}

function contexts(): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(recall('modelContexts') ?? '{}');
    return typeof stored === 'object' && stored !== null ? { ...stored } : {};
  } catch {
    return {};
  }
}
