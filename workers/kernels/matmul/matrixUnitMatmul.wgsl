// out[m, out_start + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 64 activation rows and 32 weight rows
//   weights: tiles of a packed matrix (quant/layout.ts), `blocks` blocks each; rows of padding are zero
//   x:       [capacity, 32 · blocks]
//   out:     [capacity, out_width]
// Variant subgroup-matrix. A block of activations and of weights is staged in workgroup memory as `Element`s; each group of
// 32 invocations multiplies 16 activation rows by all 32 weight rows, in matrices of UNIT_M × UNIT_N × UNIT_K, adding up in
// f32. Smaller subgroups do the work of their group together, each all of it. matmul.ts declares these sizes, Element, its
// largest number, and X_UNIT and WEIGHT_UNIT, which numbers are multiplied by to stay away from it and from subnormal halves.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
// That subgroups have at most 32 invocations is known from the adapter (ops/matrixUnit.ts), and unknown to the compiler.
diagnostic(off, chromium.subgroup_matrix_uniformity);

const WORKGROUP_SIZE = 128u;
const ROWS_M = 16u / UNIT_M;
const ROWS_N = 32u / UNIT_N;
const RESULTS = 4u * UNIT_M * 32u;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [row][column], rows STRIDE elements apart
var<workgroup> staged_x: array<Element, 64u * STRIDE>;
var<workgroup> staged_weights: array<Element, 32u * STRIDE>;
// A row of matrices of each group: [row][column].
var<workgroup> results: array<f32, RESULTS>;

alias Left = subgroup_matrix_left<Element, UNIT_K, UNIT_M>;
alias Right = subgroup_matrix_right<Element, UNIT_N, UNIT_K>;
alias Result = subgroup_matrix_result<f32, UNIT_N, UNIT_M>;

fn stage(first_row: u32, tile_base: u32, block: u32, thread: u32) {
  for (var i = thread; i < 512u; i += WORKGROUP_SIZE) {
    let row = i / 8u;
    let quad = i % 8u;
    // Rows beyond the last one in use repeat it; their results are not written.
    let values = X_UNIT * x[(min(first_row + row, step.rows - 1u) * sizes.blocks + block) * 8u + quad];
    // Beyond the largest element, rounding has no defined result.
    let finite = clamp(values, vec4f(-LARGEST_ELEMENT), vec4f(LARGEST_ELEMENT));
    for (var column = 0u; column < 4u; column++) {
      staged_x[row * STRIDE + quad * 4u + column] = Element(finite[column]);
    }
  }
  for (var i = thread; i < 256u; i += WORKGROUP_SIZE) {
    let row = i % 32u;
    let quad = i / 32u;
    let values = WEIGHT_UNIT * block_weights(tile_base, block, row, quad);
    for (var column = 0u; column < 4u; column++) {
      staged_weights[row * STRIDE + quad * 4u + column] = Element(values[column]);
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * 64u;
  if (first_row >= step.rows) {
    return;
  }
  let tile_base = workgroup.x * sizes.tile_units;
  let group = thread / 32u;
  var sums: array<Result, ROWS_M * ROWS_N>;
  for (var block = 0u; block < sizes.blocks; block++) {
    workgroupBarrier();
    stage(first_row, tile_base, block, thread);
    workgroupBarrier();
    for (var k = 0u; k < 32u; k += UNIT_K) {
      for (var n = 0u; n < ROWS_N; n++) {
        let right = subgroupMatrixLoad<Right>(&staged_weights, n * UNIT_N * STRIDE + k, true, STRIDE);
        for (var m = 0u; m < ROWS_M; m++) {
          let left = subgroupMatrixLoad<Left>(&staged_x, (group * 16u + m * UNIT_M) * STRIDE + k, false, STRIDE);
          let i = m * ROWS_N + n;
          sums[i] = subgroupMatrixMultiplyAccumulate(left, right, sums[i]);
        }
      }
    }
  }
  // A row of matrices at a time, groups pass their results through workgroup memory.
  for (var m = 0u; m < ROWS_M; m++) {
    workgroupBarrier();
    for (var n = 0u; n < ROWS_N; n++) {
      subgroupMatrixStore(&results, group * UNIT_M * 32u + n * UNIT_N, sums[m * ROWS_N + n], false, 32u);
    }
    workgroupBarrier();
    for (var i = thread; i < RESULTS; i += WORKGROUP_SIZE) {
      let result_row = i / 32u;
      let row = first_row + (result_row / UNIT_M) * 16u + m * UNIT_M + result_row % UNIT_M;
      if (row < step.rows) {
        out[row * sizes.out_width + sizes.out_start + workgroup.x * 32u + i % 32u] = results[i] / (X_UNIT * WEIGHT_UNIT);
      }
    }
  }
}
