// out[row, head] = x[row, head] · σ(g), or · g · σ(g) where SILU, for the gates g = gate[row, START + head · STRIDE …]
//   x, out: [rows, WIDTH], heads of HEAD_DIM side by side; columns of out from COLUMNS on are zero
//   gate:   [rows, GATE_WIDTH]
// One invocation per column, one grid row per token.

override COLUMNS: u32;
override HEAD_DIM: u32;
override START: u32;
override STRIDE: u32;
override GATE_WIDTH: u32;
override WIDTH: u32;
override SILU: bool;

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gate: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  if (column >= WIDTH || row >= step.rows) {
    return;
  }
  let i = row * WIDTH + column;
  if (column >= COLUMNS) {
    out[i] = 0.0;
    return;
  }
  let g = gate[row * GATE_WIDTH + START + column / HEAD_DIM * STRIDE + column % HEAD_DIM];
  let open = 1.0 / sigmoid_divisor(g);
  out[i] = x[i] * select(open, g * open, SILU);
}
