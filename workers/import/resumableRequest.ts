import { engineError } from '../errors';
import type { ImportRequest } from '../protocol/importing';
import type { ModelSource } from '../protocol/source';
import type { ImportJournal, WeightStore } from '../storage/weightStore';
import { hubsOf, mainBranch } from './hub';
import { rememberedSource } from './rememberedSource';

/** A request that can go on with what a broken import has left. */
export interface ResumableRequest extends ImportRequest {
  source: ModelSource;
  /** The revision that was asked for, where `source` names the commit that it was pinned to. */
  branch?: string | undefined;
}

/**
 * Without a source, the request that the unfinished import of this id began with; for a branch of a repository, the
 * request for the commit that it was when an unfinished import began.
 * Throws ModelNotFoundError where there is no such import, and InvalidFileError where its files are needed again.
 */
export async function resumableRequest(store: WeightStore, request: ImportRequest): Promise<ResumableRequest> {
  const { id, source } = request;
  if (source) return source.kind === 'hub' ? pinned(store, request, source) : { ...request, source };
  const journal = id === undefined ? null : await store.getJournal(id);
  if (!journal) throw engineError('ModelNotFoundError', `There is no unfinished import of "${id}" in this browser.`);
  const { quantization, chunkBytes } = journal;
  const transfer = { ...request.transfer, chunkBytes };
  const remembered = rememberedSource(journal.source);
  return { ...request, source: remembered, branch: journal.source.branch, quantization, transfer };
}

async function pinned(
  store: WeightStore,
  request: ImportRequest,
  source: Extract<ModelSource, { kind: 'hub' }>,
): Promise<ResumableRequest> {
  const hubs = hubsOf(source, request.token);
  const isSame = ({ source: stored, quantization }: ImportJournal) =>
    stored.location === source.repo &&
    quantization === request.quantization &&
    JSON.stringify(stored.files ?? []) === JSON.stringify(source.files ?? []);
  for (const { source: stored } of (await store.listJournals()).filter(isSame)) {
    const hub = hubs.find(({ url }) => url === stored.hub?.url);
    if (!hub || stored.revision === undefined || stored.branch !== (source.revision ?? mainBranch(hub))) continue;
    return { ...request, source: { ...source, hub, revision: stored.revision }, branch: stored.branch };
  }
  return { ...request, source };
}
