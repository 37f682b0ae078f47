// out[row] = { x[row, RANK …] | l / √(mean(l²) + EPS) · weight } for the latent l = x[row, … RANK], RANK = 4 · RANK_QUADS
//   x:      [capacity, 4 · WIDTH_QUADS], the latent and then 4 · ROPE_QUADS channels, which rotate later
//   weight: [RANK]
//   out:    [capacity, 4 · WIDTH_QUADS], zero behind both
// The key that all heads share, before RoPE. One workgroup per row.

override RANK_QUADS: u32;
override ROPE_QUADS: u32;
override WIDTH_QUADS: u32;
override EPS: f32;

const WORKGROUP_SIZE = 32u;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

var<workgroup> partials: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  if (row >= step.rows) {
    return;
  }
  let start = row * WIDTH_QUADS;
  var partial = 0.0;
  for (var quad = thread; quad < RANK_QUADS; quad += WORKGROUP_SIZE) {
    partial += dot(x[start + quad], x[start + quad]);
  }
  partials[thread] = partial;
  workgroupBarrier();

  var sum = 0.0;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    sum += partials[i];
  }
  let gain = inverseSqrt(sum / f32(4u * RANK_QUADS) + EPS);
  for (var quad = thread; quad < RANK_QUADS; quad += WORKGROUP_SIZE) {
    out[start + ROPE_QUADS + quad] = gain * x[start + quad] * weight[quad];
  }
  for (var quad = thread; quad < ROPE_QUADS; quad += WORKGROUP_SIZE) {
    out[start + quad] = x[start + RANK_QUADS + quad];
  }
  let padding = ROPE_QUADS + RANK_QUADS + thread;
  if (padding < WIDTH_QUADS) {
    out[start + padding] = vec4f();
  }
}
