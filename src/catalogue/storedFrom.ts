import type { ModelInfo } from '../../workers/protocol/model';
import type { CatalogueModel } from './entry';

/** The stored model that one of an entry's checkpoints was imported to; null where there is none. */
export function storedFrom({ variants }: CatalogueModel, stored: readonly ModelInfo[]): ModelInfo | null {
  const isOf = ({ source }: ModelInfo) =>
    source.kind === 'hub' &&
    variants.some(
      ({ huggingFace, files = [] }) => huggingFace === source.location && files.join() === (source.files ?? []).join(),
    );
  return stored.find(isOf) ?? null;
}
