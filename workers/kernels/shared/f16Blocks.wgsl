// Variant f16: codes and staged activations are multiplied in f16, 16 columns at a time, and scaled in f32.
override TILE_UNITS: u32;

fn add_blocks(sums: ptr<function, Sums>, tile: u32, row: u32, slice: u32, first: u32, end: u32) {
  let tile_base = tile * TILE_UNITS;
  for (var block = first + slice; block < end; block += SLICES) {
    let scales = half_scales(tile_base, block, row);
    let c0 = half_codes(tile_base, block, row, 0u);
    let c1 = half_codes(tile_base, block, row, 1u);
    let c2 = half_codes(tile_base, block, row, 2u);
    let c3 = half_codes(tile_base, block, row, 3u);
    let c4 = half_codes(tile_base, block, row, 4u);
    let c5 = half_codes(tile_base, block, row, 5u);
    let c6 = half_codes(tile_base, block, row, 6u);
    let c7 = half_codes(tile_base, block, row, 7u);
    (*sums).{sum} += block_sum({m}u * CHUNK + block - first, scales, c0, c1, c2, c3, c4, c5, c6, c7);
  }
}

fn block_sum(
  at: u32, scales: vec3f,
  c0: vec4<f16>, c1: vec4<f16>, c2: vec4<f16>, c3: vec4<f16>,
  c4: vec4<f16>, c5: vec4<f16>, c6: vec4<f16>, c7: vec4<f16>,
) -> f32 {
  let base = at * BLOCK_STAGED_UNITS;
  let left = half_products(shared_units[base], c0, c1) + half_products(shared_units[base + 1u], c2, c3);
  let right = half_products(shared_units[base + 2u], c4, c5) + half_products(shared_units[base + 3u], c6, c7);
  let staged = staged_scales[at];
  if (SPLIT_SCALES) {
    return staged.x * (scales.x * total(left) + scales.y * total(right)) + staged.y * scales.z;
  }
  return staged.x * scales.x * total(left + right) + staged.y * scales.z;
}

fn half_products(staged: vec4u, left: vec4<f16>, right: vec4<f16>) -> vec4<f16> {
  return fma(left, bitcast<vec4<f16>>(staged.xy), right * bitcast<vec4<f16>>(staged.zw));
}

fn total(products: vec4<f16>) -> f32 {
  let pairs = vec4f(products);
  return (pairs.x + pairs.y) + (pairs.z + pairs.w);
}
