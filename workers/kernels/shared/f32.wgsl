// Weight format f32 (quant/layout.ts).
//   partial = (Σ weight · x, 0)

const F32_BLOCK_UNITS = 256u;

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let sum = dot(block_weights(tile_base, block, row, 0u), x0) + dot(block_weights(tile_base, block, row, 1u), x1)
    + dot(block_weights(tile_base, block, row, 2u), x2) + dot(block_weights(tile_base, block, row, 3u), x3)
    + dot(block_weights(tile_base, block, row, 4u), x4) + dot(block_weights(tile_base, block, row, 5u), x5)
    + dot(block_weights(tile_base, block, row, 6u), x6) + dot(block_weights(tile_base, block, row, 7u), x7);
  return vec2f(sum, 0.0);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  return partial.x;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  return bitcast<vec4f>(weights[tile_base + block * F32_BLOCK_UNITS + quad * 32u + row]);
}
