// out[m, h, d] = Σ_c kvB[h · KV_B_ROWS + CONTENT_DIM + d, c] · attended[m, h, 4 · ROPE_QUADS + c] for d < VALUE_DIM
//   attended: [capacity, 4 · X_QUADS], heads of 4 · (ROPE_QUADS + RANK_QUADS) side by side; the first ROPE_QUADS are not read
//   kvB:      shared/latentHeads.ts
//   out:      [capacity, WIDTH], heads of VALUE_DIM side by side; zero behind the last one
// What heads make of the latents that they attend to. One workgroup per head and eight rows, which share the weights that it
// unpacks; invocation = channel of the value. A line that mentions {m} stands once per row; behind the last row it is the last
// row again.

override NUM_HEADS: u32;
override X_QUADS: u32;
override WIDTH: u32;

const ROWS = 8u;
const WORKGROUP_SIZE = 64u;

@group(0) @binding(1) var<storage, read> attended: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let first = workgroup.y * ROWS;
  if (first >= step.rows) {
    return;
  }
  let row_{m} = min(first + {m}u, step.rows - 1u);
  let latent_{m} = row_{m} * X_QUADS + head * HEAD_QUADS + ROPE_QUADS;
  for (var d = thread; d < VALUE_DIM; d += WORKGROUP_SIZE) {
    var sum_{m} = 0.0;
    for (var quad = 0u; quad < RANK_QUADS; quad++) {
      let weights = row_weights_kv_b(head * KV_B_ROWS + CONTENT_DIM + d, quad / 8u, quad % 8u);
      sum_{m} += dot(weights, attended[latent_{m} + quad]);
    }
    out[row_{m} * WIDTH + head * VALUE_DIM + d] = sum_{m};
  }
  let padding = NUM_HEADS * VALUE_DIM + thread;
  if (head == 0u && padding < WIDTH) {
    out[row_{m} * WIDTH + padding] = 0.0;
  }
}
