// Weight format int4 (quant/layout.ts): header.x · scale · code − header.y · min.
//   partial = (Σ scale · code · x, Σ min · x), so that the header is applied once per row

const INT4_HEADER_UNITS = 16u;
const INT4_BLOCK_UNITS = 36u;
const INT4_CODE_UNITS = 32u;
const LOW_NIBBLES = 0x0F0F0F0Fu;

fn int4_header(tile_base: u32, row: u32) -> vec2f {
  let pair = weights[tile_base + (row >> 1u)];
  return bitcast<vec2f>(select(pair.xy, pair.zw, (row & 1u) == 1u));
}

// {scale, min} as stored: two bytes per row.
fn int4_scales(block_base: u32, row: u32) -> vec2f {
  let word = weights[block_base + INT4_CODE_UNITS + (row >> 3u)][(row >> 1u) & 3u] >> ((row & 1u) * 16u);
  return vec2f(f32(word & 0xFFu), f32((word >> 8u) & 0xFFu));
}

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let base = tile_base + INT4_HEADER_UNITS + block * INT4_BLOCK_UNITS;
  let codes = weights[base + row];
  let low = codes & vec4u(LOW_NIBBLES);
  let high = (codes >> vec4u(4u)) & vec4u(LOW_NIBBLES);
  let sum = dot(unpack4x8unorm(low.x), x0) + dot(unpack4x8unorm(high.x), x1)
    + dot(unpack4x8unorm(low.y), x2) + dot(unpack4x8unorm(high.y), x3)
    + dot(unpack4x8unorm(low.z), x4) + dot(unpack4x8unorm(high.z), x5)
    + dot(unpack4x8unorm(low.w), x6) + dot(unpack4x8unorm(high.w), x7);
  let x_sum = dot(((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)), vec4f(1.0));
  return int4_scales(base, row) * vec2f(255.0 * sum, x_sum);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  let header = int4_header(tile_base, row);
  return header.x * partial.x - header.y * partial.y;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let base = tile_base + INT4_HEADER_UNITS + block * INT4_BLOCK_UNITS;
  let codes = (weights[base + row][quad >> 1u] >> ((quad & 1u) * 4u)) & LOW_NIBBLES;
  let scales = int4_header(tile_base, row) * int4_scales(base, row);
  return (255.0 * scales.x) * unpack4x8unorm(codes) - scales.y;
}
