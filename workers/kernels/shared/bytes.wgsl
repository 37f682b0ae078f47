// Bytes as floats, without the conversions that many GPUs do at a quarter of their rate, or less. In the mantissa of 2²³ a
// byte counts from there; in that of 2¹⁵, one that stands eight bits higher does.

const BYTE_BASES = vec4f(8388608.0, 32768.0, 8388608.0, 32768.0);

fn in_mantissas(bytes: u32) -> vec4f {
  let halves = vec4u(bytes, bytes, bytes >> 16u, bytes >> 16u) & vec4u(0xFFu, 0xFF00u, 0xFFu, 0xFF00u);
  return bitcast<vec4f>(halves | bitcast<vec4u>(BYTE_BASES));
}

// Bytes from 0 to 255.
fn byte_floats(bytes: u32) -> vec4f {
  return in_mantissas(bytes) - BYTE_BASES;
}

// Bytes from −128 to 127.
fn signed_byte_floats(bytes: u32) -> vec4f {
  return in_mantissas(bytes ^ 0x80808080u) - (BYTE_BASES + 128.0);
}
