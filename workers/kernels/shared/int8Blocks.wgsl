// Variant int8: codes and staged activations are multiplied as integers, exactly, 16 columns at a time.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  for (var block = first + slice; block < end; block += SLICES) {
    let scales = block_scales(tile_base, block, row);
    let at = block - first;
    (*sums).row_{m} += scales.z * staged_scales[{m}u * CHUNK + at].y;
    for (var side = 0u; side < 2u; side++) {
      let scale = select(scales.x, scales.y, side == 1u);
      let codes = vec4u(
        block_codes(tile_base, block, row, 4u * side), block_codes(tile_base, block, row, 4u * side + 1u),
        block_codes(tile_base, block, row, 4u * side + 2u), block_codes(tile_base, block, row, 4u * side + 3u),
      );
      (*sums).row_{m} += scale * side_sum({m}u * CHUNK + at, side, codes);
    }
  }
}

fn side_sum(at: u32, side: u32, codes: vec4u) -> f32 {
  let high = shared_units[BLOCK_STAGED_UNITS * at + 2u * side];
  let low = shared_units[BLOCK_STAGED_UNITS * at + 2u * side + 1u];
  return staged_scales[at].x * f32(int8_dot(high, low, codes));
}
