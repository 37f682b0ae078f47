// out[0] = x[rows in use − 1]      one invocation per four columns
//   x: [ROWS, 4 · WIDTH_QUADS], out: [1, 4 · WIDTH_QUADS]

override ROWS: u32;
override WIDTH_QUADS: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= WIDTH_QUADS) {
    return;
  }
  out[id.x] = x[(min(step.rows, ROWS) - 1u) * WIDTH_QUADS + id.x];
}
