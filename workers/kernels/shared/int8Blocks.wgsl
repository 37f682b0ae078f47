// Variant int8: codes and staged activations are multiplied as integers, exactly, 16 columns at a time.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  for (var block = first + slice; block < end; block += SLICES) {
    let scales = block_scales(tile_base, block, row);
    let left = vec4u(
      block_codes(tile_base, block, row, 0u), block_codes(tile_base, block, row, 1u),
      block_codes(tile_base, block, row, 2u), block_codes(tile_base, block, row, 3u),
    );
    let right = vec4u(
      block_codes(tile_base, block, row, 4u), block_codes(tile_base, block, row, 5u),
      block_codes(tile_base, block, row, 6u), block_codes(tile_base, block, row, 7u),
    );
    (*sums).{sum} += block_sum({m}u * CHUNK + block - first, scales, left, right);
  }
}

fn block_sum(at: u32, scales: vec3f, left: vec4u, right: vec4u) -> f32 {
  let left_sum = f32(int8_dot(left, shared_units[BLOCK_STAGED_UNITS * at]));
  let right_sum = f32(int8_dot(right, shared_units[BLOCK_STAGED_UNITS * at + 1u]));
  let staged = staged_scales[at];
  return staged.x * (scales.x * left_sum + scales.y * right_sum) + staged.y * scales.z;
}
