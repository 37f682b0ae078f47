import type { ModelInfo } from '../../workers/protocol/model';
import type { ModelSource } from '../../workers/protocol/source';
import { recallRecord, remember } from '../app/remembered';
import { USUAL_CONTEXT } from './fit';

type Origin = { repo: string; files?: string[] | undefined };

/** Keeps the context that was chosen for what is imported from a repository. */
export function rememberContext({ repo, files }: Extract<ModelSource, { kind: 'hub' }>, contextLength: number): void {
  keep(keyOf({ repo, files }), contextLength);
}

/** Keeps the context that was chosen for a stored model. */
export function rememberContextOf(model: ModelInfo, contextLength: number): void {
  keep(keyOfModel(model), contextLength);
}

/** The context that was chosen for a stored model; undefined where none was. */
export function chosenContext(model: ModelInfo): number | undefined {
  const context: unknown = recallRecord('modelContexts')[keyOfModel(model)];
  return typeof context === 'number' && Number.isInteger(context) && context > 0 ? context : undefined;
}

/** Tokens that a stored model keeps in mind when it is opened. */
export function openedContext(model: ModelInfo): number {
  return Math.min(chosenContext(model) ?? USUAL_CONTEXT, model.contextLength);
}

function keep(key: string, contextLength: number): void {
  remember('modelContexts', JSON.stringify({ ...recallRecord('modelContexts'), [key]: contextLength }));
}

/** What comes from no repository is known by its id. */
function keyOfModel({ id, source }: ModelInfo): string {
  return source.kind === 'hub' ? keyOf({ repo: source.location, files: source.files }) : `id ${id}`;
}

function keyOf({ repo, files = [] }: Origin): string {
  return [repo, ...files].join(' ');
}
