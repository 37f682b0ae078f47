// Weight format int8-affine (quant/layout.ts): scale · code + offset.
//   partial = (Σ (scale · code + offset) · x, 0), 1024-fold

const INT8_AFFINE_BLOCK_UNITS = 72u;
const INT8_AFFINE_CODE_UNITS = 64u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;

// Not unpack4x8snorm: that would read −128 as −127.
fn int8_codes(word: u32) -> vec4f {
  return vec4f((vec4i(i32(word)) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

// 1024 · {scale, offset}
fn int8_affine_scales(block_base: u32, row: u32) -> vec2f {
  return unpack2x16float(weights[block_base + INT8_AFFINE_CODE_UNITS + (row >> 2u)][row & 3u]);
}

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let base = tile_base + block * INT8_AFFINE_BLOCK_UNITS;
  let left = weights[base + row];
  let right = weights[base + 32u + row];
  let sum = dot(int8_codes(left.x), x0) + dot(int8_codes(left.y), x1)
    + dot(int8_codes(left.z), x2) + dot(int8_codes(left.w), x3)
    + dot(int8_codes(right.x), x4) + dot(int8_codes(right.y), x5)
    + dot(int8_codes(right.z), x6) + dot(int8_codes(right.w), x7);
  let x_sum = dot(((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)), vec4f(1.0));
  return vec2f(dot(int8_affine_scales(base, row), vec2f(sum, x_sum)), 0.0);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  return SCALE_UNIT * partial.x;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let base = tile_base + block * INT8_AFFINE_BLOCK_UNITS;
  let scales = SCALE_UNIT * int8_affine_scales(base, row);
  let codes = weights[base + (quad >> 2u) * 32u + row][quad & 3u];
  return scales.x * int8_codes(codes) + scales.y;
}
