// out = gate / (1 + exp(−gate)) · up      one invocation per four columns, one grid row per token
//   gate, up, out: [rows, 4 · WIDTH_QUADS]

override WIDTH_QUADS: u32;

@group(0) @binding(1) var<storage, read> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= WIDTH_QUADS || id.y >= step.rows) {
    return;
  }
  let i = id.y * WIDTH_QUADS + id.x;
  let g = gate[i];
  out[i] = g / sigmoid_divisors(g) * up[i];
}
