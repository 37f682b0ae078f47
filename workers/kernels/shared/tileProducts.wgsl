// Products of up to eight activation rows and tiles of 32 weight rows, each weight read once. A workgroup of GROUPS · ROWS
// invocations works on ROWS rows of one tile, or of one tile of each of several matrices: invocation = (group, row). A
// matrix has SLICES groups; slice s adds up the blocks s, s + SLICES, …, whatever BATCH is, and the sums over the slices
// are formed in their order: an activation row has the same result in every batch.
override BLOCKS: u32;
override BATCH: u32;
override SLICES: u32;
override WORKGROUP_SIZE: u32;
// 8, 16 or 32.
override ROWS: u32;
override GROUPS: u32 = WORKGROUP_SIZE / ROWS;
// Workgroups that share a tile.
override PARTS: u32 = 32u / ROWS;
override SHARED_UNITS: u32;

// Activations that a variant stages; behind the products, the sums of each invocation.
var<workgroup> shared_units: array<vec4u, SHARED_UNITS>;

// What an invocation has added up for each activation row.
struct Sums {
  row_0: f32,
  row_1: f32,
  row_2: f32,
  row_3: f32,
  row_4: f32,
  row_5: f32,
  row_6: f32,
  row_7: f32,
}

// Behind lastRow a step has more rows than there are.
fn used_rows() -> u32 {
  return min(step.rows, BATCH);
}

// Leaves the sums of the workgroup's invocations to `sum_over_slices`; `first_row` is the first of its rows in the tile.
fn multiply(tile: u32, first_row: u32, thread: u32) {
  var sums = Sums();
  add_tile(&sums, tile, first_row, thread);
  shared_units[thread] = bitcast<vec4u>(vec4f(sums.row_0, sums.row_1, sums.row_2, sums.row_3));
  if (BATCH > 4u) {
    let high = vec4f(sums.row_4, sums.row_5, sums.row_6, sums.row_7);
    shared_units[WORKGROUP_SIZE + thread] = bitcast<vec4u>(high);
  }
  workgroupBarrier();
}

// Activation row m times row `row` of the workgroup's, of the matrix whose first group is `group`.
fn sum_over_slices(m: u32, row: u32, group: u32) -> f32 {
  let base = (m / 4u) * WORKGROUP_SIZE + group * ROWS + row;
  var sum = 0.0;
  for (var slice = 0u; slice < SLICES; slice++) {
    sum += bitcast<f32>(shared_units[base + slice * ROWS][m % 4u]);
  }
  return sum;
}
