// Weight format int4-affine (quant/layout.ts): scale · code + offset.
//   partial = (Σ (scale · code + offset) · x, 0), 1024-fold

const INT4_AFFINE_BLOCK_UNITS = 40u;
const INT4_AFFINE_CODE_UNITS = 32u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;
const LOW_NIBBLES = 0x0F0F0F0Fu;

// 1024 · {scale, offset}
fn int4_affine_scales(block_base: u32, row: u32) -> vec2f {
  return unpack2x16float(weights[block_base + INT4_AFFINE_CODE_UNITS + (row >> 2u)][row & 3u]);
}

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let base = tile_base + block * INT4_AFFINE_BLOCK_UNITS;
  let codes = weights[base + row];
  let low = codes & vec4u(LOW_NIBBLES);
  let high = (codes >> vec4u(4u)) & vec4u(LOW_NIBBLES);
  let sum = dot(unpack4x8unorm(low.x), x0) + dot(unpack4x8unorm(high.x), x1)
    + dot(unpack4x8unorm(low.y), x2) + dot(unpack4x8unorm(high.y), x3)
    + dot(unpack4x8unorm(low.z), x4) + dot(unpack4x8unorm(high.z), x5)
    + dot(unpack4x8unorm(low.w), x6) + dot(unpack4x8unorm(high.w), x7);
  let x_sum = dot(((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)), vec4f(1.0));
  return vec2f(dot(int4_affine_scales(base, row), vec2f(255.0 * sum, x_sum)), 0.0);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  return SCALE_UNIT * partial.x;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let base = tile_base + block * INT4_AFFINE_BLOCK_UNITS;
  let codes = (weights[base + row][quad >> 1u] >> ((quad & 1u) * 4u)) & LOW_NIBBLES;
  let scales = SCALE_UNIT * int4_affine_scales(base, row);
  return (255.0 * scales.x) * unpack4x8unorm(codes) + scales.y;
}
