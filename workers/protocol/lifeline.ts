/** What a worker posts, beside its answers, once it holds the lock of its own name: see lifeline.ts. */
export type LifelineMessage = 'lifeline held';
