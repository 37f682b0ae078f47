/** How much memory what a layer keeps takes, for whoever allocates it. */
export { kvCacheBytes } from '../kernels/shared/kvCache';
