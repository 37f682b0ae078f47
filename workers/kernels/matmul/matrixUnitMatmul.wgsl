// out[m, out_start + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 64 activation rows and 64 weight rows
//   weights: tiles of a packed matrix (quant/layout.ts), `blocks` blocks each; rows of padding are zero
//   x:       [capacity, 32 · blocks]
//   out:     [capacity, out_width]
// Variant subgroup-matrix. A block of activations and of weights is staged in workgroup memory as halves, while the next block is on its way to its registers. Each group of 32 invocations multiplies
// 32 activation rows by 32 weight rows, in matrices of UNIT_M × UNIT_N × UNIT_K, adding up in f32. Smaller subgroups do the
// work of their group together, each all of it. matmul.ts declares these sizes, and repeats
// what mentions {m}, {n} and {k} for each matrix of a group: an indexed array would spill to memory.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
// That subgroups have at most 32 invocations is known from the adapter (ops/matrixUnit.ts), and unknown to the compiler.
diagnostic(off, chromium.subgroup_matrix_uniformity);

const WORKGROUP_SIZE = 128u;
const UNIT_RESULTS = UNIT_M * UNIT_N;
const RESULTS = 4u * UNIT_RESULTS;
// Rows are set off from each other, so that their columns lie in different banks of workgroup memory.
const STRIDE = 40u;
// Keep numbers away from the largest half, and from halves that are subnormal: activations up to 2¹⁸, weights up to 2¹⁰.
const LARGEST_HALF = 65504.0;
const X_UNIT = 0.25;
const WEIGHT_UNIT = 64.0;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [row][column], rows STRIDE elements apart
var<workgroup> staged_x: array<f16, 64u * STRIDE>;
var<workgroup> staged_weights: array<f16, 64u * STRIDE>;
// A matrix of each group.
var<workgroup> results: array<f32, RESULTS>;

alias Left = subgroup_matrix_left<f16, UNIT_K, UNIT_M>;
alias Right = subgroup_matrix_right<f16, UNIT_N, UNIT_K>;
alias Result = subgroup_matrix_result<f32, UNIT_N, UNIT_M>;

// What an invocation stages of a block: of activations, the same four columns of each sixteenth row; of weights, half a row.
struct Quads {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

// Rows beyond the last one in use repeat it; their results are not written.
fn x_quad(row: u32, block: u32, quad: u32) -> vec4f {
  return x[(min(row, step.rows - 1u) * sizes.blocks + block) * 8u + quad];
}

fn load_x(first_row: u32, block: u32, thread: u32) -> Quads {
  let row = first_row + thread / 8u;
  let quad = thread % 8u;
  return Quads(
    x_quad(row, block, quad), x_quad(row + 16u, block, quad),
    x_quad(row + 32u, block, quad), x_quad(row + 48u, block, quad),
  );
}

fn load_weights(tile_base: u32, block: u32, thread: u32) -> Quads {
  let row = thread / 2u % 32u;
  let quad = (thread % 2u) * 4u;
  return Quads(
    block_weights(tile_base, block, row, quad), block_weights(tile_base, block, row, quad + 1u),
    block_weights(tile_base, block, row, quad + 2u), block_weights(tile_base, block, row, quad + 3u),
  );
}

fn stage_x(at: u32, values: vec4f) {
  // Beyond the largest half, rounding has no defined result.
  let halves = vec4<f16>(clamp(X_UNIT * values, vec4f(-LARGEST_HALF), vec4f(LARGEST_HALF)));
  staged_x[at] = halves.x;
  staged_x[at + 1u] = halves.y;
  staged_x[at + 2u] = halves.z;
  staged_x[at + 3u] = halves.w;
}

fn stage_weights(at: u32, values: vec4f) {
  let halves = vec4<f16>(WEIGHT_UNIT * values);
  staged_weights[at] = halves.x;
  staged_weights[at + 1u] = halves.y;
  staged_weights[at + 2u] = halves.z;
  staged_weights[at + 3u] = halves.w;
}

fn share(group: u32, sums: Result) {
  workgroupBarrier();
  subgroupMatrixStore(&results, group * UNIT_RESULTS, sums, false, UNIT_N);
  workgroupBarrier();
}

// `place` is the first row and the first column of the workgroup's that a group's matrix has results for.
fn write(group: u32, place: vec2u, first_tile: u32, lane: u32) {
  if (first_tile + place.y / 32u >= sizes.tiles) {
    return;
  }
  let first_column = sizes.out_start + first_tile * 32u + place.y;
  for (var i = lane; i < UNIT_RESULTS; i += 32u) {
    let row = place.x + i / UNIT_N;
    if (row < step.rows) {
      let result = results[group * UNIT_RESULTS + i] / (X_UNIT * WEIGHT_UNIT);
      out[row * sizes.out_width + first_column + i % UNIT_N] = result;
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * 64u;
  if (first_row >= step.rows) {
    return;
  }
  // A last workgroup with one tile works on it twice.
  let first_tile = workgroup.x * 2u;
  let tile_base = min(first_tile + thread / 64u, sizes.tiles - 1u) * sizes.tile_units;
  let x_to = thread / 8u * STRIDE + thread % 8u * 4u;
  let weights_to = thread / 2u * STRIDE + thread % 2u * 16u;
  let group = thread / 32u;
  let group_x = group / 2u * 32u;
  let group_weights = group % 2u * 32u;
  let x_at = group_x * STRIDE;
  let weights_at = group_weights * STRIDE;
  var sum_{m}_{n}: Result;
  var next_x = load_x(first_row, 0u, thread);
  var next_weights = load_weights(tile_base, 0u, thread);
  for (var block = 0u; block < sizes.blocks; block++) {
    workgroupBarrier();
    stage_x(x_to, next_x.a);
    stage_x(x_to + 16u * STRIDE, next_x.b);
    stage_x(x_to + 32u * STRIDE, next_x.c);
    stage_x(x_to + 48u * STRIDE, next_x.d);
    stage_weights(weights_to, next_weights.a);
    stage_weights(weights_to + 4u, next_weights.b);
    stage_weights(weights_to + 8u, next_weights.c);
    stage_weights(weights_to + 12u, next_weights.d);
    workgroupBarrier();
    let next = min(block + 1u, sizes.blocks - 1u);
    next_x = load_x(first_row, next, thread);
    next_weights = load_weights(tile_base, next, thread);
    let left_{m}_{k} = subgroupMatrixLoad<Left>(&staged_x, x_at + {m}u * UNIT_M * STRIDE + {k}u * UNIT_K, false, STRIDE);
    let right_{n}_{k} = subgroupMatrixLoad<Right>(&staged_weights, weights_at + {n}u * UNIT_N * STRIDE + {k}u * UNIT_K, true, STRIDE);
    sum_{m}_{n} = subgroupMatrixMultiplyAccumulate(left_{m}_{k}, right_{n}_{k}, sum_{m}_{n});
  }
  // A matrix at a time, groups pass their results through workgroup memory.
  share(group, sum_{m}_{n}); write(group, vec2u(first_row + group_x + {m}u * UNIT_M, group_weights + {n}u * UNIT_N), first_tile, thread % 32u);
}
