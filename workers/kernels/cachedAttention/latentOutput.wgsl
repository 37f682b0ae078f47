// What attention gives a head takes the place of its query, and when all heads of the workgroup are there, invocation = (head,
// channel) makes values of their latents (valueOfLatent.wgsl).

fn latent_quad(index: u32) -> vec4f {
  return query[index];
}

// Four channels of the workgroup's head number `i`.
fn give_quad(row: u32, first_head: u32, i: u32, quad: u32, channels: vec4f) {
  query[i * QUADS + quad] = channels;
}

fn finish_heads(row: u32, first_head: u32, thread: u32) {
  for (var at = thread; at < QUERY_HEADS * VALUE_DIM; at += WORKGROUP_SIZE) {
    let latent = at / VALUE_DIM * QUADS + ROPE_QUADS;
    let head = first_head + at / VALUE_DIM;
    out[row * WIDTH + head * VALUE_DIM + at % VALUE_DIM] = value_of_latent(latent, head, at % VALUE_DIM);
  }
}
