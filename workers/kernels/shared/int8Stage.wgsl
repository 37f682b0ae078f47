// Variant int8: activations are staged as signed bytes, the largest of a block as ±127.

const BLOCK_STAGED_UNITS = 2u;

// The staged form of the block that begins at quad `quad`; {scale, scale · sum} for a largest activation of 1.
fn stage_block(at: u32, quad: u32, inverse: f32) -> vec2f {
  var sum = 0;
  for (var side = 0u; side < BLOCK_STAGED_UNITS; side++) {
    let i = quad + 4u * side;
    let bytes = vec4u(
      pack4x8snorm(x[i] * inverse), pack4x8snorm(x[i + 1u] * inverse),
      pack4x8snorm(x[i + 2u] * inverse), pack4x8snorm(x[i + 3u] * inverse),
    );
    sum += int8_dot(bytes, vec4u(0x01010101u));
    shared_units[BLOCK_STAGED_UNITS * at + side] = bytes;
  }
  return vec2f(1.0, f32(sum)) / 127.0;
}

fn int8_dot(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}
