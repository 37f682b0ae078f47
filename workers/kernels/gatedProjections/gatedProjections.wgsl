// out[n] = silu(gate · x) · (up · x), both products divided by √(mean + EPS)      one workgroup per tile of 32 weight rows
//   x:       [32 · BLOCKS], the row before RMSNorm times the norm's weight
//   squares: [BLOCKS], sums of squares of the row before RMSNorm; mean is their sum / COLUMNS
//   gate, up: packed matrices of TILES tiles; rows of padding are zero, and so is silu(0) · 0
// RMSNorm and SwiGLU (Shazeer 2020, arXiv:2002.05202) in one: an invocation owns the same row of both matrices.

override TILES: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
  let row = thread % 32u;
  let slice = thread / 32u;
  let sum = add_slices(vec4f(slice_partial_gate(tile, row, slice), slice_partial_up(tile, row, slice)), thread);
  if (thread < 32u) {
    let gain = norm_gain();
    let gate = gain * finished_gate(tile, row, sum.xy);
    let up = gain * finished_up(tile, row, sum.zw);
    // Below −80 the sigmoid is zero in f32, and its exponential would overflow.
    out[tile * 32u + row] = gate / (1.0 + exp(min(-gate, 80.0))) * up;
  }
}
