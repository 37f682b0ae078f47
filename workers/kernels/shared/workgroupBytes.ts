/** Workgroup memory that a kernel may have at WebGPU's default limits. */
export const WORKGROUP_BYTES = 16_384;
