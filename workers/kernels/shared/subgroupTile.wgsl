// Variant subgroups: f32, where the lanes of a subgroup know that they are in one slice. The addresses of activations and
// scales are uniform then, and a driver can read them once per subgroup. Where a subgroup spans slices, lanes read alone.
enable subgroups;

fn add_tile(sums: ptr<function, Sums>, tile: u32, thread: u32) {
  let group = thread / 32u;
  let first = subgroupBroadcastFirst(group);
  if (subgroupAll(group == first)) {
    add_group(sums, tile, thread % 32u, first, 0u, BLOCKS);
  } else {
    add_group(sums, tile, thread % 32u, group, 0u, BLOCKS);
  }
}
