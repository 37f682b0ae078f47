// out[m, OUT_START_p + n] = GAIN · (Σ_k weights_p[n, k] · x[m, k]) / √(mean_m + EPS) for up to four matrices p
//   x:       [capacity, 32 · BLOCKS], rows before RMSNorm times the norm's weight
//   squares: as normGain.wgsl reads them, of the rows before RMSNorm; mean_m is the sum of row m / COLUMNS
//   out:     [capacity, OUT_WIDTH], the matrices' results side by side
// RMSNorm (its division behind the product) and the projections that share its result. One workgroup per ROWS weight
// rows, those of all matrices in turn; `add_group` and `out_start` pick the matrix (projections.ts).

override TILES: u32;
override OUT_WIDTH: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> squares: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
    out[m * OUT_WIDTH + out_start(tile) + first_row + row] = norm_gain(m) * sum_over_slices(m, row, 0u);
  }
}
