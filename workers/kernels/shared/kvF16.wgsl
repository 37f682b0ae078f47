// KV cache format f16: a quad is four halves in two words.

alias KvQuad = vec2u;
const KV_SCALED = false;

fn kv_pack(values: vec4f) -> KvQuad {
  // Beyond the largest half, packing has no defined result.
  let finite = clamp(values, vec4f(-65504.0), vec4f(65504.0));
  return vec2u(pack2x16float(finite.xy), pack2x16float(finite.zw));
}

fn kv_unpack(quad: KvQuad) -> vec4f {
  return vec4f(unpack2x16float(quad.x), unpack2x16float(quad.y));
}

fn kv_pack_scale(scale: f32) -> KvQuad {
  return KvQuad();
}

fn kv_unpack_scale(quad: KvQuad) -> f32 {
  return 1.0;
}
