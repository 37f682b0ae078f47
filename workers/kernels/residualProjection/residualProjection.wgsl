// out = residual + SCALE · (weights · x), weighted = out · norm_weight, squares[tile] = Σ out² over the tile's 32 rows
//   x:                                    [32 · BLOCKS]
//   weights:                              TILES tiles of a packed matrix; rows of padding are zero
//   residual, norm_weight, out, weighted: [32 · TILES], zero behind the last row of the matrix
// The residual sum behind a projection, and the first half of the RMSNorm that follows it. One workgroup per tile.

override TILES: u32;
override SCALE: f32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read> norm_weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> weighted: array<f32>;
@group(0) @binding(6) var<storage, read_write> squares: array<f32>;

var<workgroup> row_squares: array<f32, 32>;

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
  let sum = add_slices(vec4f(slice_partial_w(tile, thread % 32u, thread / 32u), 0.0, 0.0), thread).xy;
  if (thread < 32u) {
    let i = tile * 32u + thread;
    let value = residual[i] + SCALE * finished_w(tile, thread, sum);
    out[i] = value;
    weighted[i] = value * norm_weight[i];
    row_squares[thread] = value * value;
  }
  workgroupBarrier();
  if (thread == 0u) {
    var tile_squares = 0.0;
    for (var row = 0u; row < 32u; row++) {
      tile_squares += row_squares[row];
    }
    squares[tile] = tile_squares;
  }
}
