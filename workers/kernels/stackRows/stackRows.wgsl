// out[row, i · COLUMNS + c] = x[COUNT · row + i, c]      one invocation per column, one grid row per row of out
//   x:   [COUNT · rows, X_WIDTH]
//   out: [rows, WIDTH], zero from COUNT · COLUMNS on

override COUNT: u32;
override COLUMNS: u32;
override X_WIDTH: u32;
override WIDTH: u32;

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  if (column >= WIDTH || row >= step.rows) {
    return;
  }
  var value = 0.0;
  if (column < COUNT * COLUMNS) {
    value = x[(COUNT * row + column / COLUMNS) * X_WIDTH + column % COLUMNS];
  }
  out[row * WIDTH + column] = value;
}
