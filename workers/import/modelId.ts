import type { ImportRequest } from '../protocol/importing';
import type { SourceInfo } from '../protocol/source';
import type { WeightStore } from '../storage/weightStore';
import type { Checkpoint } from './checkpoint';

/** The id that a model gets unless it is taken: what the caller chose, else name and quantization, safe in any path. */
export function preferredId(request: ImportRequest, checkpoint: Checkpoint): string {
  if (request.id !== undefined) return request.id;
  const suffix = request.quantization === 'auto' ? '' : `-${request.quantization}`;
  const slug = checkpoint.modelName
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}._]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
  return (slug === '' ? checkpoint.config.architecture : slug) + suffix;
}

/**
 * `preferred`, or that followed by -2, -3, … where models from other sources, finished or not, have those ids. A model from
 * the same source keeps its id, and so does a broken import with this fingerprint. Files are the same source where they have
 * not changed: another folder may have the same name.
 */
export async function unsharedId(
  store: WeightStore,
  preferred: string,
  source: SourceInfo,
  fingerprint: string,
): Promise<string> {
  const stored = new Map((await store.listManifests()).map((manifest) => [manifest.id, manifest]));
  const journals = await store.listJournals();
  const isVariant = (id: string) => id.startsWith(preferred) && /^(-\d+)?$/.test(id.slice(preferred.length));
  const isSame = ({ kind, location }: SourceInfo, print: string) =>
    kind === source.kind && location === source.location && (kind !== 'files' || print === fingerprint);
  const known = [
    ...[...stored.values()].filter(({ info, fingerprint: print }) => isSame(info.source, print)).map(({ id }) => id),
    ...journals.filter((journal) => journal.fingerprint === fingerprint && !stored.has(journal.id)).map(({ id }) => id),
  ].find(isVariant);
  if (known !== undefined) return known;
  let id = preferred;
  const isTaken = (id: string) =>
    stored.has(id) || journals.some((journal) => journal.id === id && !isSame(journal.source, journal.fingerprint));
  for (let number = 2; isTaken(id); number++) id = `${preferred}-${number}`;
  return id;
}
