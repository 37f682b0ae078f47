/** Activation rows that one program of a kernel for small batches takes at most. */
export const MAX_BATCH = 8;
