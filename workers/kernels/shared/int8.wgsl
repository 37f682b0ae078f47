// Weight format int8 (quant/layout.ts): scale · code, one scale for columns 0–15 and one for 16–31.
//   partial = (Σ scale · code · x, 0), 1024-fold

const INT8_BLOCK_UNITS = 72u;
const INT8_CODE_UNITS = 64u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;

// Not unpack4x8snorm: that would read −128 as −127.
fn int8_codes(word: u32) -> vec4f {
  return vec4f((vec4i(i32(word)) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

// 1024 · {scale of columns 0–15, scale of columns 16–31}
fn int8_scales(block_base: u32, row: u32) -> vec2f {
  return unpack2x16float(weights[block_base + INT8_CODE_UNITS + (row >> 2u)][row & 3u]);
}

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let base = tile_base + block * INT8_BLOCK_UNITS;
  let left = weights[base + row];
  let right = weights[base + 32u + row];
  let left_sum = dot(int8_codes(left.x), x0) + dot(int8_codes(left.y), x1)
    + dot(int8_codes(left.z), x2) + dot(int8_codes(left.w), x3);
  let right_sum = dot(int8_codes(right.x), x4) + dot(int8_codes(right.y), x5)
    + dot(int8_codes(right.z), x6) + dot(int8_codes(right.w), x7);
  return vec2f(dot(int8_scales(base, row), vec2f(left_sum, right_sum)), 0.0);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  return SCALE_UNIT * partial.x;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let base = tile_base + block * INT8_BLOCK_UNITS;
  let scales = SCALE_UNIT * int8_scales(base, row);
  let codes = int8_codes(weights[base + (quad >> 2u) * 32u + row][quad & 3u]);
  return select(scales.x, scales.y, quad >= 4u) * codes;
}
