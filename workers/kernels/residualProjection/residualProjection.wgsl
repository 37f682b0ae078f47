// out = residual + SCALE · (weights · x), weighted = out · norm_weight, squares[m, i] = Σ out[m]² of each 8 columns
//   x:                       [capacity, 32 · BLOCKS]
//   weights:                 TILES tiles of a packed matrix; rows of padding are zero
//   norm_weight:             [32 · TILES], zero behind the last row of the matrix
//   residual, out, weighted: [capacity, 32 · TILES], zero behind the last row of the matrix
//   squares:                 [capacity, 4 · TILES rounded up to whole blocks]
// The residual sum behind a projection, and the first half of the RMSNorm that follows it. One workgroup per ROWS
// rows of a tile.

override TILES: u32;
override SCALE: f32;
override ROW_SQUARES: u32 = ROWS * BATCH;
override EIGHTS: u32 = ROWS / 8u;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read> norm_weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> weighted: array<f32>;
@group(0) @binding(6) var<storage, read_write> squares: array<f32>;

var<workgroup> row_squares: array<f32, ROW_SQUARES>;

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
  for (var m = thread / ROWS; m < step.rows; m += GROUPS) {
    let i = (m * TILES + tile) * 32u + first_row + row;
    let value = residual[i] + SCALE * sum_over_slices(m, row, 0u);
    out[i] = value;
    weighted[i] = value * norm_weight[tile * 32u + first_row + row];
    row_squares[m * ROWS + row] = value * value;
  }
  workgroupBarrier();
  for (var i = thread; i < step.rows * EIGHTS; i += WORKGROUP_SIZE) {
    var sum = 0.0;
    for (var j = i * 8u; j < i * 8u + 8u; j++) {
      sum += row_squares[j];
    }
    squares[i / EIGHTS * ((TILES + 7u) / 8u * 32u) + tile * 4u + first_row / 8u + i % EIGHTS] = sum;
  }
}
