// Variant f16: codes and staged activations are multiplied in f16, 16 columns at a time, and scaled in f32.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  for (var block = first + slice; block < end; block += SLICES) {
    let scales = half_scales(tile_base, block, row);
    let at = block - first;
    (*sums).row_{m} += scales.z * staged_scales[{m}u * CHUNK + at].y;
    for (var side = 0u; side < 2u; side++) {
      let scale = select(scales.x, scales.y, side == 1u);
      let c0 = half_codes(tile_base, block, row, 4u * side);
      let c1 = half_codes(tile_base, block, row, 4u * side + 1u);
      let c2 = half_codes(tile_base, block, row, 4u * side + 2u);
      let c3 = half_codes(tile_base, block, row, 4u * side + 3u);
      (*sums).row_{m} += scale * side_sum({m}u * CHUNK + at, side, c0, c1, c2, c3);
    }
  }
}

fn side_sum(at: u32, side: u32, c0: vec4<f16>, c1: vec4<f16>, c2: vec4<f16>, c3: vec4<f16>) -> f32 {
  let left = shared_units[BLOCK_STAGED_UNITS * at + 2u * side];
  let right = shared_units[BLOCK_STAGED_UNITS * at + 2u * side + 1u];
  var products = c0 * bitcast<vec4<f16>>(left.xy);
  products = fma(c1, bitcast<vec4<f16>>(left.zw), products);
  products = fma(c2, bitcast<vec4<f16>>(right.xy), products);
  products = fma(c3, bitcast<vec4<f16>>(right.zw), products);
  let sums = vec4f(products);
  return staged_scales[at].x * ((sums.x + sums.y) + (sums.z + sums.w));
}
