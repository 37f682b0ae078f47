// Weights of format f16 as the variant f16 reads them: codes with a scale of 1.

const BLOCK_SCALES = 1u;

// The weights of a quad in the order 0, 2, 1, 3.
fn half_codes(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4<f16> {
  let halves = weights[tile_base + block * F16_BLOCK_UNITS + (quad >> 1u) * 32u + row];
  return bitcast<vec4<f16>>(select(halves.xy, halves.zw, (quad & 1u) == 1u)).xzyw;
}

fn half_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  return vec3f(1.0, 1.0, 0.0);
}
