// A head's value from the latent that it has attended to:
//   value[head, index] = Σ_c kvB[head · KV_B_ROWS + CONTENT_DIM + index, c] · latent[c]
// for a kernel whose `latent_quad` reads the latent (latentHeads.ts has `kvB`).

// One channel, from the latent whose first quad is `latent`. A line that mentions {q} stands for each quad of a block: one wait
// for memory instead of eight.
fn value_of_latent(latent: u32, head: u32, index: u32) -> f32 {
  let row = head * KV_B_ROWS + CONTENT_DIM + index;
  var sum = 0.0;
  var quad = 0u;
  for (; quad + 7u < RANK_QUADS; quad += 8u) {
    let weights_{q} = row_weights_kv_b(row, quad / 8u, {q}u);
    sum += dot(weights_{q}, latent_quad(latent + quad + {q}u));
  }
  for (; quad < RANK_QUADS; quad++) {
    sum += dot(row_weights_kv_b(row, quad / 8u, quad % 8u), latent_quad(latent + quad));
  }
  return sum;
}
