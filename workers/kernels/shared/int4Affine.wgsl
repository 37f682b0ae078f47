// Weight format int4-affine (quant/layout.ts): scale · code + offset.

const INT4_AFFINE_BLOCK_UNITS = 40u;
const INT4_AFFINE_CODE_UNITS = 32u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;
const LOW_NIBBLES = 0x0F0F0F0Fu;
const SIGNED_CODES = false;
const BLOCK_SCALES = 1u;

fn block_codes(tile_base: u32, block: u32, row: u32, quad: u32) -> u32 {
  let base = tile_base + block * INT4_AFFINE_BLOCK_UNITS;
  return (weights[base + row][quad >> 1u] >> ((quad & 1u) * 4u)) & LOW_NIBBLES;
}

fn block_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  let base = tile_base + block * INT4_AFFINE_BLOCK_UNITS + INT4_AFFINE_CODE_UNITS;
  return SCALE_UNIT * unpack2x16float(weights[base + (row >> 2u)][row & 3u]).xxy;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let scales = block_scales(tile_base, block, row);
  return scales.x * byte_floats(block_codes(tile_base, block, row, quad)) + scales.z;
}
