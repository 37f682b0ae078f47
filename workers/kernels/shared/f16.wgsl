// Weight format f16 (quant/layout.ts), unpacked without the shader-f16 feature.

const F16_BLOCK_UNITS = 128u;

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let halves = weights[tile_base + block * F16_BLOCK_UNITS + (quad >> 1u) * 32u + row];
  let pair = select(halves.xy, halves.zw, (quad & 1u) == 1u);
  return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
