// out[row, head] = Σ_key softmax(SCALE · q[row, head] · k[key, head]) · v[key, head] over the four rows of the row's window,
// 4 · ⌊row / 4⌋ and the three behind it
//   q, k, v, out: [rows, WIDTH], heads of HEAD_DIM side by side; columns of out behind the last head are zero
// One invocation per row and head.

override NUM_HEADS: u32;
override HEAD_DIM: u32;
override WIDTH: u32;
override SCALE: f32;

@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x / NUM_HEADS;
  let head = id.x % NUM_HEADS;
  if (row >= step.rows) {
    return;
  }
  let own = row * WIDTH + head * HEAD_DIM;
  let window = (row & ~3u) * WIDTH + head * HEAD_DIM;
  var scores = vec4f();
  for (var i = 0u; i < HEAD_DIM; i++) {
    let at = window + i;
    scores += q[own + i] * vec4f(k[at], k[at + WIDTH], k[at + 2u * WIDTH], k[at + 3u * WIDTH]);
  }
  scores *= SCALE;
  let highest = max(max(scores.x, scores.y), max(scores.z, scores.w));
  var weights = exp(scores - highest);
  weights /= dot(weights, vec4f(1.0));
  for (var i = 0u; i < HEAD_DIM; i++) {
    let at = window + i;
    out[own + i] = dot(weights, vec4f(v[at], v[at + WIDTH], v[at + 2u * WIDTH], v[at + 3u * WIDTH]));
  }
  if (head == 0u) {
    for (var column = NUM_HEADS * HEAD_DIM; column < WIDTH; column++) {
      out[row * WIDTH + column] = 0.0;
    }
  }
}
