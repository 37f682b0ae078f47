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
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  return store('readonly', (objects) => promisifyRequest(objects.getAll(range) as IDBRequest<T[]>));
}
