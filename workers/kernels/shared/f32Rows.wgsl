// Variants f32 and subgroups for several activation rows: weights are formed once, a quad at a time, for all of them.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  // Rows beyond the last one in use repeat it; their results are not written.
  let x_{m} = min({m}u, step.rows - 1u) * BLOCKS * 8u;
  for (var block = first + slice; block < end; block += SLICES) {
    for (var quad = 0u; quad < 8u; quad++) {
      let quad_weights = block_weights(tile_base, block, row, quad);
      let i = block * 8u + quad;
      (*sums).row_{m} += dot(quad_weights, x[x_{m} + i]);
    }
  }
}
