// out = x / √(mean(x²) + EPS) · weight      one workgroup per row
//   x, out: [rows, 4 · WIDTH_QUADS], zero from COLUMNS on
//   weight: [4 · WIDTH_QUADS], zero from COLUMNS on

override COLUMNS: u32;
override WIDTH_QUADS: u32;
override EPS: f32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

var<workgroup> partials: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.y;
  if (row >= step.rows) {
    return;
  }
  let base = row * WIDTH_QUADS;
  var partial = 0.0;
  for (var quad = thread; quad < WIDTH_QUADS; quad += WORKGROUP_SIZE) {
    let values = x[base + quad];
    partial += dot(values, values);
  }
  partials[thread] = partial;
  workgroupBarrier();

  // Every invocation adds all partials: one barrier instead of a tree of them.
  var sum = 0.0;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    sum += partials[i];
  }
  let gain = inverseSqrt(sum / f32(COLUMNS) + EPS);
  for (var quad = thread; quad < WIDTH_QUADS; quad += WORKGROUP_SIZE) {
    out[base + quad] = gain * x[base + quad] * weight[quad];
  }
}
