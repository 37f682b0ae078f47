import type { ChunkEntry, Manifest, TensorEntry } from '../checkpoint/manifest';
import { CHUNK_BYTES } from '../checkpoint/manifest';
import { engineError } from '../errors';
import type { Progress } from '../protocol/progress';
import type { ModelSource } from '../protocol/source';
import { sha256OfJson } from '../storage/hash';
import type { Damage, WeightStore } from '../storage/weightStore';
import { damageNames } from '../storage/weightStore';
import type { Checkpoint } from './checkpoint';
import { importChunks, sourceRange } from './importTensor';
import { openCheckpoint } from './openCheckpoint';
import type { SourceSettings } from './openSource';
import { openSource } from './openSource';
import { packHere } from './packers';
import type { PlannedTensor } from './plan';
import { planImport, plannedChunks } from './plan';
import { ImportProgress } from './progress';
import { rememberedSource } from './rememberedSource';

/**
 * Makes a stored model whole again: re-hashes every chunk, and reads, packs and stores those anew that are damaged, each
 * from its own bytes of the source. Resolves to the names of what was damaged. `source` is for a model of local files,
 * and may be one that has moved. Throws ModelNotFoundError, what reading and storing throw, and SourceChangedError where
 * the source has other weights by now; what is whole stays as it is.
 */
export async function repairModel(
  store: WeightStore,
  id: string,
  source: ModelSource | undefined,
  settings: SourceSettings,
  onProgress: (progress: Progress) => void,
): Promise<string[]> {
  onProgress({ phase: 'reading', loadedBytes: 0, totalBytes: 0 });
  const manifest = await store.getManifest(id);
  const damage = await store.findDamage(manifest, onProgress);
  const names = damageNames(damage);
  if (names.length === 0) return [];
  const files = await openSource(source ?? rememberedSource(manifest.info.source), settings);
  const checkpoint = await openCheckpoint(files);
  try {
    await restoreChunks(store, manifest, checkpoint, damage, onProgress);
    if (damage.hasBadTokenizer) await restoreTokenizer(store, manifest, checkpoint);
  } finally {
    for (const weights of checkpoint.weights) weights.close();
  }
  return names;
}

async function restoreChunks(
  store: WeightStore,
  manifest: Manifest,
  { tensors, weights, config }: Checkpoint,
  damage: Damage,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const plan = planImport(tensors, manifest.info.quantization, manifest.chunkBytes ?? CHUNK_BYTES);
  const wanted = damage.chunks.map(({ tensor, index, chunk }) => {
    const planned = plan.find(({ entry }) => entry.name === tensor.name);
    if (!planned || !isSamePlan(planned, tensor)) throw otherSource(manifest);
    const place = plannedChunks(planned.entry)[index]!;
    return { planned, place, chunk, range: sourceRange(planned, place, config.headDim) };
  });
  const total = wanted.reduce((sum, { range }) => sum + range.to - range.from, 0);
  const progress = new ImportProgress(0, total, onProgress);
  for (const { planned, place, chunk, range } of wanted) {
    const source = weights[planned.source.file]!;
    source.expect([range], range.to - range.from);
    const putChunk = async (restored: ChunkEntry, bytes: Uint8Array<ArrayBuffer>) => {
      if (restored.hash !== chunk.hash) throw otherSource(manifest);
      await store.restoreChunk(manifest, chunk.number, bytes);
    };
    await importChunks(planned, [place], weights, config.headDim, packHere, putChunk, (bytes) => progress.add(bytes));
    source.settle(range.to);
  }
}

async function restoreTokenizer(store: WeightStore, manifest: Manifest, { tokenizer }: Checkpoint): Promise<void> {
  if (!tokenizer || (await sha256OfJson(tokenizer)) !== manifest.tokenizerHash) throw otherSource(manifest);
  await store.restoreTokenizer(manifest, tokenizer);
}

/** Whether the tensor would be cut into the same chunks of the same format. */
function isSamePlan({ entry }: PlannedTensor, stored: TensorEntry): boolean {
  const outline = ({ shape, format, shards }: TensorEntry) =>
    JSON.stringify([shape, format, shards.map(({ chunks }) => chunks.map(({ number, bytes }) => [number, bytes]))]);
  return outline(entry) === outline(stored);
}

function otherSource({ id, info }: Manifest): Error {
  const message = `${info.source.location} is no longer what "${id}" was imported from: import it again.`;
  return engineError('SourceChangedError', message);
}
