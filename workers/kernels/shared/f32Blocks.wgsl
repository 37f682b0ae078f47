// Variants f32 and subgroups: a block's weights are formed once and multiplied by every activation row.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  let x_{m} = min({m}u, step.rows - 1u) * BLOCKS * 8u;
  for (var block = first + slice; block < end; block += SLICES) {
    let w0 = block_weights(tile_base, block, row, 0u);
    let w1 = block_weights(tile_base, block, row, 1u);
    let w2 = block_weights(tile_base, block, row, 2u);
    let w3 = block_weights(tile_base, block, row, 3u);
    let w4 = block_weights(tile_base, block, row, 4u);
    let w5 = block_weights(tile_base, block, row, 5u);
    let w6 = block_weights(tile_base, block, row, 6u);
    let w7 = block_weights(tile_base, block, row, 7u);
    (*sums).{sum} += block_dot(x_{m} + block * 8u, w0, w1, w2, w3, w4, w5, w6, w7);
  }
}

fn block_dot(i: u32, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f, w4: vec4f, w5: vec4f, w6: vec4f, w7: vec4f) -> f32 {
  return ((dot(w0, x[i]) + dot(w1, x[i + 1u])) + (dot(w2, x[i + 2u]) + dot(w3, x[i + 3u])))
    + ((dot(w4, x[i + 4u]) + dot(w5, x[i + 5u])) + (dot(w6, x[i + 6u]) + dot(w7, x[i + 7u])));
}
