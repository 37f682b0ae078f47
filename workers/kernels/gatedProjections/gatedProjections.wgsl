// out[m, n] = silu(gate · x[m]) · (up · x[m]), both products divided by √(mean_m + EPS)
//   x:        [capacity, 32 · BLOCKS], rows before RMSNorm times the norm's weight
//   squares:  as normGain.wgsl reads them, of the rows before RMSNorm; mean_m is the sum of row m / COLUMNS
//   gate, up: packed matrices of TILES tiles; rows of padding are zero, and so is silu(0) · 0
//   out:      [capacity, 32 · TILES]
// RMSNorm and SwiGLU (Shazeer 2020, arXiv:2002.05202) in one. One workgroup per ROWS rows of both matrices: its first SLICES
// groups multiply by gate, the others by up.

override TILES: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> squares: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn add_group(sums: ptr<function, Sums>, tile: u32, row: u32, group: u32, first: u32, end: u32) {
  if (group < SLICES) {
    add_blocks_gate(sums, tile, row, group, first, end);
  } else {
    add_blocks_up(sums, tile, row, group - SLICES, first, end);
  }
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
  add_squares(thread);
  multiply(tile, first_row, thread);
  let row = thread % ROWS;
  for (var m = thread / ROWS; m < step.rows; m += GROUPS) {
    let gain = norm_gain(m);
    let gate = gain * sum_over_slices(m, row, 0u);
    let up = gain * sum_over_slices(m, row, SLICES);
    out[(m * TILES + tile) * 32u + first_row + row] = gate / sigmoid_divisor(gate) * up;
  }
}
