/** How much memory what a layer keeps takes, for whoever allocates it. */
export { kvCacheBytes } from '../kernels/shared/kvCache';
export { deltaStateFloats } from '../kernels/deltaRule/deltaRule';
export { convolutionStateFloats } from '../kernels/shortConvolution/shortConvolution';
