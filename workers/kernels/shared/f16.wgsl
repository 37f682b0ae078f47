// Weight format f16 (quant/layout.ts), unpacked without the shader-f16 feature.
//   partial = (Σ weight · x, 0)

const F16_BLOCK_UNITS = 128u;

fn f16_dot(halves: vec4u, x0: vec4f, x1: vec4f) -> f32 {
  return dot(unpack2x16float(halves.x), x0.xy) + dot(unpack2x16float(halves.y), x0.zw)
    + dot(unpack2x16float(halves.z), x1.xy) + dot(unpack2x16float(halves.w), x1.zw);
}

fn block_dot(
  tile_base: u32, block: u32, row: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) -> vec2f {
  let base = tile_base + block * F16_BLOCK_UNITS + row;
  let sum = f16_dot(weights[base], x0, x1) + f16_dot(weights[base + 32u], x2, x3)
    + f16_dot(weights[base + 64u], x4, x5) + f16_dot(weights[base + 96u], x6, x7);
  return vec2f(sum, 0.0);
}

fn row_value(tile_base: u32, row: u32, partial: vec2f) -> f32 {
  return partial.x;
}

fn block_weights(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4f {
  let halves = weights[tile_base + block * F16_BLOCK_UNITS + (quad >> 1u) * 32u + row];
  let pair = select(halves.xy, halves.zw, (quad & 1u) == 1u);
  return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
