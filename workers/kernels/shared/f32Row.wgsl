// Variants f32 and subgroups for one activation row: unrolled, so that a block's codes are loaded at once and its scales
// formed once, whatever the compiler. The additions are those of f32Rows.wgsl.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  var sum = (*sums).row_0;
  for (var block = first + slice; block < end; block += SLICES) {
    sum += dot(block_weights(tile_base, block, row, 0u), x[block * 8u]);
    sum += dot(block_weights(tile_base, block, row, 1u), x[block * 8u + 1u]);
    sum += dot(block_weights(tile_base, block, row, 2u), x[block * 8u + 2u]);
    sum += dot(block_weights(tile_base, block, row, 3u), x[block * 8u + 3u]);
    sum += dot(block_weights(tile_base, block, row, 4u), x[block * 8u + 4u]);
    sum += dot(block_weights(tile_base, block, row, 5u), x[block * 8u + 5u]);
    sum += dot(block_weights(tile_base, block, row, 6u), x[block * 8u + 6u]);
    sum += dot(block_weights(tile_base, block, row, 7u), x[block * 8u + 7u]);
  }
  (*sums).row_0 = sum;
}
