import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';

/** Conversations lie apart from weights: deleting models touches no conversation, and the other way round. */
const DATABASE = 'minicpm-chats';

/** The object store of conversations; the database is made on first use. */
export function openChatDatabase(name = DATABASE): UseStore {
  let store: UseStore | null = null;
  return (mode, callback) => {
    store ??= createStore(name, 'chats');
    return store(mode, callback);
  };
}

/** Every value whose key begins with `prefix`. */
export function valuesUnder<T>(store: UseStore, prefix: string): Promise<T[]> {
  return store('readonly', (objects) => promisifyRequest(objects.getAll(underPrefix(prefix)) as IDBRequest<T[]>));
}

/** Every key that begins with `prefix`. */
export function keysUnder(store: UseStore, prefix: string): Promise<string[]> {
  return store('readonly', (objects) =>
    promisifyRequest(objects.getAllKeys(underPrefix(prefix)) as IDBRequest<string[]>),
  );
}

/** The values of `keys` and of whatever lies between them. */
export function valuesFrom<T>(store: UseStore, keys: readonly string[]): Promise<T[]> {
  const range = IDBKeyRange.bound(keys[0], keys.at(-1));
  return store('readonly', (objects) => promisifyRequest(objects.getAll(range) as IDBRequest<T[]>));
}

export function underPrefix(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}
