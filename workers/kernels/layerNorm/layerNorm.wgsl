// out = (x − mean(x)) / √(variance(x) + EPS) · weight + bias      one workgroup per row
//   x, out: [rows, 4 · WIDTH_QUADS], out zero from COLUMNS on
//   weight, bias: [4 · WIDTH_QUADS], zero from COLUMNS on
// The variance is taken around the mean, in a second pass: the difference of two large moments would lose it.

override COLUMNS: u32;
override WIDTH_QUADS: u32;
override EPS: f32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

var<workgroup> partials: array<f32, WORKGROUP_SIZE>;

// The sum of what each invocation brings; every invocation adds all partials, which takes one barrier instead of a tree.
fn total(partial: f32, thread: u32) -> f32 {
  workgroupBarrier();
  partials[thread] = partial;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    sum += partials[i];
  }
  return sum;
}

// A quad of the row around `mean`, zero behind the last column.
fn centered(base: u32, quad: u32, mean: f32) -> vec4f {
  let columns = vec4u(4u * quad) + vec4u(0u, 1u, 2u, 3u);
  return select(vec4f(), x[base + quad] - mean, columns < vec4u(COLUMNS));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.y;
  if (row >= step.rows) {
    return;
  }
  let base = row * WIDTH_QUADS;
  var partial = 0.0;
  for (var quad = thread; quad < WIDTH_QUADS; quad += WORKGROUP_SIZE) {
    partial += dot(centered(base, quad, 0.0), vec4f(1.0));
  }
  let mean = total(partial, thread) / f32(COLUMNS);
  partial = 0.0;
  for (var quad = thread; quad < WIDTH_QUADS; quad += WORKGROUP_SIZE) {
    let values = centered(base, quad, mean);
    partial += dot(values, values);
  }
  let gain = inverseSqrt(total(partial, thread) / f32(COLUMNS) + EPS);
  for (var quad = thread; quad < WIDTH_QUADS; quad += WORKGROUP_SIZE) {
    out[base + quad] = gain * centered(base, quad, mean) * weight[quad] + bias[quad];
  }
}
