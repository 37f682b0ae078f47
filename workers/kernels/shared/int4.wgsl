// Weight format int4 (quant/layout.ts): scale unit · scale · code − min unit · min.

const INT4_HEADER_UNITS = 8u;
const INT4_BLOCK_UNITS = 36u;
const INT4_CODE_UNITS = 32u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;
const LOW_NIBBLES = 0x0F0F0F0Fu;
const SIGNED_CODES = false;
const BLOCK_SCALES = 1u;

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

fn block_codes(tile_base: u32, block: u32, row: u32, quad: u32) -> u32 {
  let base = int4_block_base(tile_base, block);
  return (weights[base + row][quad >> 1u] >> ((quad & 1u) * 4u)) & LOW_NIBBLES;
}

fn block_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  let scales = SCALE_UNIT * int4_scales(int4_block_base(tile_base, block), block, row);
  return vec3f(scales.xx, -scales.y);
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let scales = block_scales(tile_base, block, row);
  return scales.x * byte_floats(block_codes(tile_base, block, row, quad)) + scales.z;
}
