// out[m, out_start + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 64 activation rows and WEIGHT_ROWS weight rows
//   weights: tiles of a packed matrix (quant/layout.ts), `blocks` blocks each; rows of padding are zero
//   x:       [capacity, 32 · blocks]
//   out:     [capacity, out_width]
// Variant subgroup-matrix. A block of activations and of weights is staged in workgroup memory as `Element`s, while the next
// one is on its way to the registers. Each group of 32 invocations multiplies GROUP_ROWS activation rows by 32 weight rows, in
// matrices of UNIT_M × UNIT_N × UNIT_K, adding up in f32. Smaller subgroups do the work of their group together, each all of
// it. matmul.ts declares these sizes and Element, and what keeps numbers inside it, and repeats lines that mention
// - {x} or {w} for each quad of activations or of weights that an invocation stages of a block;
// - {m}, {n} and {k} for each matrix of a group.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
// That subgroups have at most 32 invocations is known from the adapter (ops/matrixUnit.ts), and unknown to the compiler.
diagnostic(off, chromium.subgroup_matrix_uniformity);

const WORKGROUP_SIZE = 128u;
const GROUPS_ASIDE = WEIGHT_ROWS / 32u;
const GROUP_ROWS = 16u * GROUPS_ASIDE;
const UNIT_RESULTS = UNIT_M * UNIT_N;
const RESULTS = 4u * UNIT_RESULTS;
const WEIGHT_QUADS = WEIGHT_ROWS / 16u;
const WEIGHT_LANES = 8u / WEIGHT_QUADS;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [row][column], rows STRIDE elements apart
var<workgroup> staged_x: array<Element, 64u * STRIDE>;
var<workgroup> staged_weights: array<Element, WEIGHT_ROWS * STRIDE>;
// A matrix of each group.
var<workgroup> results: array<f32, RESULTS>;

alias Left = subgroup_matrix_left<Element, UNIT_K, UNIT_M>;
alias Right = subgroup_matrix_right<Element, UNIT_N, UNIT_K>;
alias Result = subgroup_matrix_result<f32, UNIT_N, UNIT_M>;

// Rows beyond the last one in use repeat it; their results are not written.
fn x_quad(row: u32, block: u32, quad: u32) -> vec4f {
  return x[(min(row, step.rows - 1u) * sizes.blocks + block) * 8u + quad];
}

fn stage_x(at: u32, values: vec4f) {
  // Beyond the largest element, rounding has no defined result.
  let elements = vec4<Element>(clamp(X_UNIT * values, vec4f(-LARGEST_ELEMENT), vec4f(LARGEST_ELEMENT)));
  staged_x[at] = elements.x;
  staged_x[at + 1u] = elements.y;
  staged_x[at + 2u] = elements.z;
  staged_x[at + 3u] = elements.w;
}

fn stage_weights(at: u32, values: vec4f) {
  let elements = vec4<Element>(WEIGHT_UNIT * values);
  staged_weights[at] = elements.x;
  staged_weights[at + 1u] = elements.y;
  staged_weights[at + 2u] = elements.z;
  staged_weights[at + 3u] = elements.w;
}

// Hands the matrices of the groups to their invocations, which write them; `place` is the first row of `out`, and the first
// of the workgroup's weight rows, that the matrix of this group has results for.
fn write_through(group: u32, sums: Result, place: vec2u, first_tile: u32, lane: u32) {
  workgroupBarrier();
  subgroupMatrixStore(&results, group * UNIT_RESULTS, sums, false, UNIT_N);
  workgroupBarrier();
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
  let x_row = first_row + thread / 8u;
  let x_to = thread / 8u * STRIDE + thread % 8u * 4u;
  let weight_row = thread / WEIGHT_LANES;
  let weight_quad = thread % WEIGHT_LANES * WEIGHT_QUADS;
  let weights_to = weight_row * STRIDE + weight_quad * 4u;
  // A last workgroup with one tile works on it twice.
  let first_tile = workgroup.x * GROUPS_ASIDE;
  let tile_base = min(first_tile + weight_row / 32u, sizes.tiles - 1u) * sizes.tile_units;
  let group = thread / 32u;
  let group_row = group / GROUPS_ASIDE * GROUP_ROWS;
  let group_column = group % GROUPS_ASIDE * 32u;
  let x_at = group_row * STRIDE;
  let weights_at = group_column * STRIDE;
  var sum_{m}_{n}: Result;
  var next_x_{x} = x_quad(x_row + {x}u * 16u, 0u, thread % 8u);
  var next_weights_{w} = block_weights(tile_base, 0u, weight_row % 32u, weight_quad + {w}u);
  for (var block = 0u; block < sizes.blocks; block++) {
    workgroupBarrier();
    stage_x(x_to + {x}u * 16u * STRIDE, next_x_{x});
    stage_weights(weights_to + {w}u * 4u, next_weights_{w});
    workgroupBarrier();
    let next = min(block + 1u, sizes.blocks - 1u);
    next_x_{x} = x_quad(x_row + {x}u * 16u, next, thread % 8u);
    next_weights_{w} = block_weights(tile_base, next, weight_row % 32u, weight_quad + {w}u);
    let x_at_{m}_{k} = x_at + {m}u * UNIT_M * STRIDE + {k}u * UNIT_K;
    let left_{m}_{k} = subgroupMatrixLoad<Left>(&staged_x, x_at_{m}_{k}, false, STRIDE);
    let weights_at_{n}_{k} = weights_at + {n}u * UNIT_N * STRIDE + {k}u * UNIT_K;
    let right_{n}_{k} = subgroupMatrixLoad<Right>(&staged_weights, weights_at_{n}_{k}, true, STRIDE);
    sum_{m}_{n} = subgroupMatrixMultiplyAccumulate(left_{m}_{k}, right_{n}_{k}, sum_{m}_{n});
  }
  let place_{m}_{n} = vec2u(first_row + group_row + {m}u * UNIT_M, group_column + {n}u * UNIT_N);
  write_through(group, sum_{m}_{n}, place_{m}_{n}, first_tile, thread % 32u);
}
