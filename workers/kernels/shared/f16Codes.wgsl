// Codes as halves, for the variant f16. The bits 0x6400 in front of a byte make 1024 + the byte. What is taken from it
// leaves codes around zero, whose sums round less: nibbles lose 8 (which goes to the offset), signed bytes 1024 + 128.
const SIGN_BITS = select(0u, 0x80808080u, SIGNED_CODES);
const HALF_ZERO = select(1032.0h, 1152.0h, SIGNED_CODES);
const CODE_CENTER = select(8.0, 0.0, SIGNED_CODES);

// The codes of a quad less CODE_CENTER, in the order 0, 2, 1, 3.
fn half_codes(tile_base: u32, block: u32, row: u32, quad: u32) -> vec4<f16> {
  let bytes = block_codes(tile_base, block, row, quad) ^ SIGN_BITS;
  let even = (bytes & 0x00FF00FFu) | 0x64006400u;
  let odd = ((bytes >> 8u) & 0x00FF00FFu) | 0x64006400u;
  return bitcast<vec4<f16>>(vec2u(even, odd)) - vec4<f16>(HALF_ZERO);
}

fn half_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  let scales = block_scales(tile_base, block, row);
  return vec3f(scales.xy, scales.z + CODE_CENTER * scales.x);
}
