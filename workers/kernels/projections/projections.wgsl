// out[OUT_START_p + n] = GAIN · (Σ_k weights_p[n, k] · x[k]) / √(mean + EPS) for up to three matrices p of the same width
//   x:       [32 · BLOCKS], the row before RMSNorm times the norm's weight
//   squares: [BLOCKS], sums of squares of the row before RMSNorm; mean is their sum / COLUMNS
//   out:     the matrices' results side by side
// RMSNorm (its division behind the product) and the projections that share its result. One workgroup per tile of 32 weight
// rows, tiles of all matrices in turn; `tile_partial` and `write` pick the matrix (projections.ts).

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
  let sum = add_slices(vec4f(tile_partial(tile, thread % 32u, thread / 32u), 0.0, 0.0), thread).xy;
  if (thread < 32u) {
    write(tile, thread, sum, norm_gain());
  }
}
