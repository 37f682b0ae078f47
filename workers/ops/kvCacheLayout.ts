/** What a session must know of the KV cache's layout: how much memory to ask for. */
export { kvCacheBytes } from '../kernels/shared/kvCache';
