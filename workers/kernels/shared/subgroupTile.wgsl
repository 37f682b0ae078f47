// Variant subgroups: f32, where the compiler knows that a whole subgroup works on one slice. Addresses of activations and
// scales are uniform then, and need one load per subgroup instead of one per lane. A subgroup that spans several groups
// takes them in turn.
enable subgroups;

fn add_tile(sums: ptr<function, Sums>, tile: u32, first_row: u32, thread: u32) {
  let group = thread / ROWS;
  let last = subgroupMax(group);
  for (var uniform_group = subgroupMin(group); uniform_group <= last; uniform_group++) {
    if (uniform_group == group) {
      add_group(sums, tile, first_row + thread % ROWS, uniform_group, 0u, BLOCKS);
    }
  }
}
