// out[m, OUT_START + n] = Σ_k weights[n, k] · x[m, k]      one workgroup per ROWS weight rows
//   weights: TILES tiles of a packed matrix (quant/layout.ts), BLOCKS blocks each; rows of padding are zero
//   x:       [capacity, 32 · BLOCKS]
//   out:     [capacity, OUT_WIDTH]

override TILES: u32;
override OUT_START: u32;
override OUT_WIDTH: u32;

@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn add_group(sums: ptr<function, Sums>, tile: u32, row: u32, group: u32, first: u32, end: u32) {
  add_blocks_w(sums, tile, row, group, first, end);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let part = workgroup.y * grid.x + workgroup.x;
  let tile = part / PARTS;
  let first_row = part % PARTS * ROWS;
  if (tile >= TILES || step.rows == 0u) {
    return;
  }
  multiply(tile, first_row, thread);
  let row = thread % ROWS;
  for (var m = thread / ROWS; m < used_rows(); m += GROUPS) {
    out[m * OUT_WIDTH + OUT_START + tile * 32u + first_row + row] = sum_over_slices(m, row, 0u);
  }
}
