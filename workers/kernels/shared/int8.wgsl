// Weight format int8 (quant/layout.ts): scale · code, one scale for columns 0–15 and one for 16–31.

const INT8_BLOCK_UNITS = 72u;
const INT8_CODE_UNITS = 64u;
// Stored scales are 1024-fold.
const SCALE_UNIT = 0x1p-10;
const SIGNED_CODES = true;
const BLOCK_SCALES = 2u;

fn block_codes(tile_base: u32, block: u32, row: u32, quad: u32) -> u32 {
  return weights[tile_base + block * INT8_BLOCK_UNITS + (quad >> 2u) * 32u + row][quad & 3u];
}

fn block_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  let base = tile_base + block * INT8_BLOCK_UNITS + INT8_CODE_UNITS;
  return vec3f(SCALE_UNIT * unpack2x16float(weights[base + (row >> 2u)][row & 3u]), 0.0);
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let scales = block_scales(tile_base, block, row);
  return select(scales.x, scales.y, quad >= 4u) * signed_byte_floats(block_codes(tile_base, block, row, quad));
}
