/** Workgroup counts of a dispatch in x, y and z. */
export type Grid = readonly [x: number, y: number, z: number];

/** The WebGPU default of maxComputeWorkgroupsPerDimension. */
export const MAX_WORKGROUPS_PER_DIMENSION = 65_535;

/** Workgroups needed for `count` items, `perWorkgroup` each. */
export function workgroupsFor(count: number, perWorkgroup: number): number {
  return Math.ceil(count / perWorkgroup);
}

/**
 * `count` workgroups as a grid inside the per-dimension limit. A kernel recovers its number as
 * `workgroup_id.y * num_workgroups.x + workgroup_id.x`, and returns where that is `count` or more.
 */
export function linearGrid(count: number): Grid {
  const y = Math.max(1, Math.ceil(count / MAX_WORKGROUPS_PER_DIMENSION));
  return [Math.ceil(count / y), y, 1];
}
