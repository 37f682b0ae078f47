// value[head, index] = Σ_c weights_of_values[head · (CONTENT_DIM + VALUE_DIM) + CONTENT_DIM + index, c] · latent[c]
//   weights_of_values: packed [heads · (CONTENT_DIM + VALUE_DIM), RANK], of which a head has CONTENT_DIM rows for its keys and
//                      VALUE_DIM for its values
// What attention gives a head ends in the latent, behind ROPE_DIM channels. Its quads are read by `latent_quad`.

override ROPE_DIM: u32;
override RANK: u32;
override CONTENT_DIM: u32;
override VALUE_DIM: u32;
override TILE_UNITS: u32;
override LATENT_QUADS: u32 = RANK / 4u;

// One channel of a head's value, from the latent whose first quad is `latent`. A line that mentions {q} stands for each quad of
// a block: one wait for memory instead of eight.
fn value_of_latent(latent: u32, head: u32, index: u32) -> f32 {
  let row = head * (CONTENT_DIM + VALUE_DIM) + CONTENT_DIM + index;
  let tile_base = row / 32u * TILE_UNITS;
  var sum = 0.0;
  var quad = 0u;
  for (; quad + 7u < LATENT_QUADS; quad += 8u) {
    let weights_{q} = block_weights_of_values(tile_base, quad / 8u, row % 32u, {q}u);
    sum += dot(weights_{q}, latent_quad(latent + quad + {q}u));
  }
  for (; quad < LATENT_QUADS; quad++) {
    sum += dot(block_weights_of_values(tile_base, quad / 8u, row % 32u, quad % 8u), latent_quad(latent + quad));
  }
  return sum;
}
