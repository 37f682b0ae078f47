// Variant int8: activations are staged as numbers of sixteen bits in two bytes (splitBytes.wgsl), the largest of a block as
// LARGEST_SPLIT: of each half of a block, a unit of high bytes and one of low bytes.

const BLOCK_STAGED_UNITS = 4u;

// The staged form of the block that begins at quad `quad`; {scale, scale · sum} for a largest activation of 1.
fn stage_block(at: u32, quad: u32, inverse: f32) -> vec2f {
  var sum = 0;
  for (var side = 0u; side < 2u; side++) {
    let i = quad + 4u * side;
    let a = split_bytes(x[i] * inverse);
    let b = split_bytes(x[i + 1u] * inverse);
    let c = split_bytes(x[i + 2u] * inverse);
    let d = split_bytes(x[i + 3u] * inverse);
    let high = vec4u(a.x, b.x, c.x, d.x);
    let low = vec4u(a.y, b.y, c.y, d.y);
    sum += int8_dot(high, low, vec4u(0x01010101u));
    shared_units[BLOCK_STAGED_UNITS * at + 2u * side] = high;
    shared_units[BLOCK_STAGED_UNITS * at + 2u * side + 1u] = low;
  }
  return vec2f(1.0, f32(sum)) / LARGEST_SPLIT;
}

fn int8_dot(high: vec4u, low: vec4u, bytes: vec4u) -> i32 {
  return split_dot(vec2u(high.x, low.x), bytes.x) + split_dot(vec2u(high.y, low.y), bytes.y)
    + split_dot(vec2u(high.z, low.z), bytes.z) + split_dot(vec2u(high.w, low.w), bytes.w);
}
