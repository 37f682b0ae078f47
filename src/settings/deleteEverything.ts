import { forgetAll } from '../app/remembered';
import type { EngineState } from '../engine/engine.svelte';
import type { ChatHistory } from '../history/history.svelte';

/**
 * Deletes conversations, models, unfinished imports, and whatever the page has remembered. Returns the names of models that
 * are still there, because another tab uses them; settings are kept then, so that it can be tried again. Rejects where
 * conversations could not be deleted.
 */
export async function deleteEverything(
  engine: Pick<EngineState, 'models' | 'remove' | 'transfers' | 'lookAtStorage'>,
  history: Pick<ChatHistory, 'clear'>,
): Promise<string[]> {
  await history.clear();
  await engine.lookAtStorage();
  for (const transfer of [...engine.transfers.list]) await engine.transfers.discard(transfer);
  for (const { id } of engine.models) await engine.remove(id);
  const left = engine.models.map(({ name }) => name);
  if (left.length === 0) forgetAll();
  return left;
}
