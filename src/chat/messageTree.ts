import type { Message } from './message';

type Node = Pick<Message, 'id' | 'parentId'>;

/** The branch that ends in `leafId`, from its beginning; empty for null. */
export function branchTo<M extends Node>(messages: readonly M[], leafId: number | null): M[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const branch: M[] = [];
  for (let id = leafId; id !== null;) {
    const message = byId.get(id);
    if (!message) break;
    branch.push(message);
    id = message.parentId;
  }
  return branch.reverse();
}

/** The messages of each place in the tree, oldest first, by the id of the message before them; null for the beginning. */
export function byPlace<M extends Node>(messages: readonly M[]): Map<number | null, M[]> {
  const places = new Map<number | null, M[]>();
  for (const message of messages) {
    const place = places.get(message.parentId);
    if (place) place.push(message);
    else places.set(message.parentId, [message]);
  }
  return places;
}

/** Where the branch through `id` ends that was written last. */
export function newestLeafBelow(messages: readonly Node[], id: number): number {
  const newestChild = new Map<number, number>();
  // Later messages have larger ids and stand behind: the last one stays.
  for (const message of messages) if (message.parentId !== null) newestChild.set(message.parentId, message.id);
  let leaf = id;
  for (let child = newestChild.get(leaf); child !== undefined; child = newestChild.get(leaf)) leaf = child;
  return leaf;
}
