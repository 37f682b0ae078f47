/** Two tabs that write on the same conversation would overwrite each other: the one that shows it holds its lock. */
const lockName = (id: string) => `minicpm.chat.${id}`;

/** Takes a conversation for this tab, until the returned function is called. Null where another tab has it. */
export function holdChat(id: string): Promise<(() => void) | null> {
  // Web Locks are missing where the page is neither on https nor on localhost.
  if (typeof navigator === 'undefined' || !('locks' in navigator)) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName(id), { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
