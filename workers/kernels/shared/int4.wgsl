// Weight format int4 (quant/layout.ts): scale unit · scale · code − min unit · min.
//   partial = (Σ scale unit · scale · code · x, Σ min unit · min · x), both 1024-fold

const INT4_HEADER_UNITS = 8u;
const INT4_BLOCK_UNITS = 36u;
const INT4_CODE_UNITS = 32u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;
const LOW_NIBBLES = 0x0F0F0F0Fu;

// A header stands in front of every 8 blocks.
fn int4_block_base(tile_base: u32, block: u32) -> u32 {
  return tile_base + ((block >> 3u) + 1u) * INT4_HEADER_UNITS + block * INT4_BLOCK_UNITS;
}

// 1024 · {scale unit · scale, min unit · min}: exact, because 11 bits times 8 bits fit f32.
fn int4_scales(block_base: u32, block: u32, row: u32) -> vec2f {
  let header_base = block_base - (block & 7u) * INT4_BLOCK_UNITS - INT4_HEADER_UNITS;
  let units = weights[header_base + (row >> 2u)][row & 3u];
  let word = weights[block_base + INT4_CODE_UNITS + (row >> 3u)][(row >> 1u) & 3u] >> ((row & 1u) * 16u);
  return unpack2x16float(units) * vec2f(f32(word & 0xFFu), f32((word >> 8u) & 0xFFu));
}

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let base = int4_block_base(tile_base, block);
  let codes = weights[base + row];
  let low = codes & vec4u(LOW_NIBBLES);
  let high = (codes >> vec4u(4u)) & vec4u(LOW_NIBBLES);
  let sum = dot(unpack4x8unorm(low.x), x0) + dot(unpack4x8unorm(high.x), x1)
    + dot(unpack4x8unorm(low.y), x2) + dot(unpack4x8unorm(high.y), x3)
    + dot(unpack4x8unorm(low.z), x4) + dot(unpack4x8unorm(high.z), x5)
    + dot(unpack4x8unorm(low.w), x6) + dot(unpack4x8unorm(high.w), x7);
  let x_sum = dot(((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)), vec4f(1.0));
  return int4_scales(base, block, row) * vec2f(255.0 * sum, x_sum);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  return SCALE_UNIT * (partial.x - partial.y);
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let base = int4_block_base(tile_base, block);
  let codes = (weights[base + row][quad >> 1u] >> ((quad & 1u) * 4u)) & LOW_NIBBLES;
  let scales = SCALE_UNIT * int4_scales(base, block, row);
  return (255.0 * scales.x) * unpack4x8unorm(codes) - scales.y;
}
