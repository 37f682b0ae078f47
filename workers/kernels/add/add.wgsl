// out = residual + SCALE · branch      one invocation per four columns, one grid row per token
//   residual, branch, out: [rows, 4 · WIDTH_QUADS]

override WIDTH_QUADS: u32;
override SCALE: f32;

@group(0) @binding(1) var<storage, read> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read> branch: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= WIDTH_QUADS || id.y >= step.rows) {
    return;
  }
  let i = id.y * WIDTH_QUADS + id.x;
  out[i] = residual[i] + SCALE * branch[i];
}
