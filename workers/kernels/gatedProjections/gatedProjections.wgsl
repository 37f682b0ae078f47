// out[m, n] = silu(gate · x[m]) · (up · x[m]), both products divided by √(mean_m + EPS)
//   x:        [capacity, 32 · BLOCKS], rows before RMSNorm times the norm's weight
//   squares:  [capacity, BLOCKS rounded up to whole blocks], sums of squares of the rows before RMSNorm; mean_m is the sum
//             of row m / COLUMNS
//   gate, up: packed matrices of TILES tiles; rows of padding are zero, and so is silu(0) · 0
//   out:      [capacity, 32 · TILES]
// RMSNorm and SwiGLU (Shazeer 2020, arXiv:2002.05202) in one. One workgroup per tile of 32 rows of both matrices: its first
// SLICES groups multiply by gate, the others by up.

override TILES: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;
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
  let tile = workgroup.y * grid.x + workgroup.x;
  if (tile >= TILES || step.rows == 0u) {
    return;
  }
  add_squares(thread);
  multiply(tile, thread);
  let row = thread % 32u;
  for (var m = thread / 32u; m < step.rows; m += GROUPS) {
    let gain = norm_gain(m);
    let gate = gain * sum_over_slices(m, row, 0u);
    let up = gain * sum_over_slices(m, row, SLICES);
    // Below −80 the sigmoid is zero in f32, and its exponential would overflow.
    out[(m * TILES + tile) * 32u + row] = gate / (1.0 + exp(min(-gate, 80.0))) * up;
  }
}
