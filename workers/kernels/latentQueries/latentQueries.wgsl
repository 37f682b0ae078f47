// out[m, h] = { q[m, h, CONTENT_DIM …] | Σ_d q[m, h, d] · kvB[h · KV_B_ROWS + d] } for d < CONTENT_DIM
//   q:   [capacity, Q_WIDTH], heads of CONTENT_DIM + 4 · ROPE_QUADS channels side by side, the latter rotate later
//   kvB: shared/latentHeads.ts
//   out: [capacity, 4 · WIDTH_QUADS], heads of 4 · (ROPE_QUADS + RANK_QUADS) side by side; zero behind the last one
// Queries that meet the latent itself. One workgroup per head and eight rows, which share the weights that it unpacks;
// invocation = quad of the latent. A line that mentions {m} stands once per row; behind the last row it is the last row again.

override NUM_HEADS: u32;
override Q_WIDTH: u32;
override WIDTH_QUADS: u32;

const ROWS = 8u;
const WORKGROUP_SIZE = 64u;

@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

fn rotating(query: u32, quad: u32) -> vec4f {
  let at = query + CONTENT_DIM + 4u * quad;
  return vec4f(q[at], q[at + 1u], q[at + 2u], q[at + 3u]);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let first = workgroup.y * ROWS;
  if (first >= step.rows) {
    return;
  }
  let row_{m} = min(first + {m}u, step.rows - 1u);
  let query_{m} = row_{m} * Q_WIDTH + head * QUERY_DIM;
  let out_{m} = row_{m} * WIDTH_QUADS + head * HEAD_QUADS;
  for (var quad = thread; quad < RANK_QUADS; quad += WORKGROUP_SIZE) {
    var sum_{m} = vec4f();
    for (var d = 0u; d < CONTENT_DIM; d++) {
      let weights = row_weights_kv_b(head * KV_B_ROWS + d, quad / 8u, quad % 8u);
      sum_{m} += q[query_{m} + d] * weights;
    }
    out[out_{m} + ROPE_QUADS + quad] = sum_{m};
  }
  for (var quad = thread; quad < ROPE_QUADS; quad += WORKGROUP_SIZE) {
    out[out_{m} + quad] = rotating(query_{m}, quad);
  }
  let padding = NUM_HEADS * HEAD_QUADS + thread;
  if (head == 0u && padding < WIDTH_QUADS) {
    out[row_{m} * WIDTH_QUADS + padding] = vec4f();
  }
}
