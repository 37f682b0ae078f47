// Weight format f32 (quant/layout.ts).

const F32_BLOCK_UNITS = 256u;

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  return bitcast<vec4f>(weights[tile_base + block * F32_BLOCK_UNITS + quad * 32u + row]);
}
