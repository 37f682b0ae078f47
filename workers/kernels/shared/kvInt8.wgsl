// KV cache format int8: a quad is four signed bytes of value / scale, where scale is max|value| / 127 over the head's
// row. The scales stand behind the codes, one word per row.

alias KvQuad = u32;
const KV_SCALED = true;

// `values` are already divided by the row's scale.
fn kv_pack(values: vec4f) -> KvQuad {
  return pack4x8snorm(values / 127.0);
}

fn kv_unpack(quad: KvQuad) -> vec4f {
  return signed_byte_floats(quad);
}

fn kv_pack_scale(scale: f32) -> KvQuad {
  return bitcast<u32>(scale);
}

fn kv_unpack_scale(quad: KvQuad) -> f32 {
  return bitcast<f32>(quad);
}
