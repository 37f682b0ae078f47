// Queries and keys go through RMSNorm, head by head, before they rotate: h · weight / √(mean(h²) + NORM_EPS). The weights
// are applied to channels before RoPE and the division, which is the same for all of a head, behind it.
//   query_norm, key_norm: [HEAD_DIM], zeros behind that to whole blocks

override NORM_EPS: f32;

@group(0) @binding(7) var<storage, read> query_norm: array<f32>;
@group(0) @binding(8) var<storage, read> key_norm: array<f32>;

fn norm_weight(index: u32, is_query: bool) -> f32 {
  if (is_query) {
    return query_norm[index];
  }
  return key_norm[index];
}

// One over the root mean square of a head: invocations whose parts are side by side take its quads. All invocations call it.
fn head_gain(head_start: u32, part: u32, is_used: bool) -> f32 {
  let quad = part % QUADS;
  if (is_used) {
    let channels = channels_of(head_start, quad);
    of_quads[part] = dot(channels, channels);
  }
  workgroupBarrier();
  var sum = 0.0;
  if (is_used) {
    for (var i = 0u; i < QUADS; i++) {
      sum += of_quads[part - quad + i];
    }
  }
  workgroupBarrier();
  return inverseSqrt(sum / f32(HEAD_DIM) + NORM_EPS);
}
