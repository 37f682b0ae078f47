// KV cache format f32: a quad is four floats.

alias KvQuad = vec4u;
const KV_SCALED = false;

fn kv_pack(values: vec4f) -> KvQuad {
  return bitcast<vec4u>(values);
}

fn kv_unpack(quad: KvQuad) -> vec4f {
  return bitcast<vec4f>(quad);
}

fn kv_pack_scale(scale: f32) -> KvQuad {
  return KvQuad();
}

fn kv_unpack_scale(quad: KvQuad) -> f32 {
  return 1.0;
}
