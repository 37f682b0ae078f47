// Numbers from −1 to 1 as high · SPLIT + low, in units of 1 / LARGEST_SPLIT: sixteen bits, in the signed bytes that devices
// have dot products for.

const SPLIT = 254;
const LARGEST_SPLIT = 127.0 * 254.0;

// {high bytes, low bytes} of four.
fn split_bytes(values: vec4f) -> vec2u {
  let scaled = 127.0 * values;
  let high = round(scaled);
  return vec2u(pack4xI8(vec4i(high)), pack4xI8(vec4i(round(f32(SPLIT) * (scaled - high)))));
}

fn split_dot(split: vec2u, bytes: u32) -> i32 {
  return SPLIT * dot4I8Packed(split.x, bytes) + dot4I8Packed(split.y, bytes);
}
