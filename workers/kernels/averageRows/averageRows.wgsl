// out[row] = Σ_i x[COUNT · row + i] / COUNT      one invocation per four columns, one grid row per row of out
//   x:   [COUNT · rows, 4 · WIDTH_QUADS]
//   out: [rows, 4 · WIDTH_QUADS]

override COUNT: u32;
override WIDTH_QUADS: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quad = id.x;
  let row = id.y;
  if (quad >= WIDTH_QUADS || row >= step.rows) {
    return;
  }
  var sum = vec4f();
  for (var i = 0u; i < COUNT; i++) {
    sum += x[(COUNT * row + i) * WIDTH_QUADS + quad];
  }
  out[row * WIDTH_QUADS + quad] = sum / f32(COUNT);
}
