// out[m, OUT_START + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 64 activation rows and 64 weight rows
//   weights: TILES tiles of a packed matrix (quant/layout.ts), BLOCKS blocks each; rows of padding are zero
//   x:       [capacity, 32 · BLOCKS]
//   out:     [capacity, OUT_WIDTH]
// Activations are rounded, each row's 32 columns of a block with a scale of their own, so that no size of activation
// overflows and an outlier costs only its block; weights stay codes. Both are staged in workgroup memory, a block at a time,
// multiplied as the variant's small numbers (f16Matmul.wgsl, int8Matmul.wgsl), and scaled and added up in f32.
// Invocation = 4 × 4 outputs: activation rows 4 · (thread / 16) + i, weight rows thread % 16 + 16 · j.

override BLOCKS: u32;
override TILES: u32;
override TILE_UNITS: u32;
override OUT_START: u32;
override OUT_WIDTH: u32;

const WORKGROUP_SIZE = 256u;
const STAGED_ROWS = 64u;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [quad of columns][row]
var<workgroup> staged_weights: array<Quad, 512>;
var<workgroup> staged_x: array<Quad, 512>;
// {scale of columns 0–15, scale of columns 16–31, offset} of each weight row.
var<workgroup> weight_scales: array<vec3f, STAGED_ROWS>;
// {scale, scale · Σ of the staged numbers} of each activation row.
var<workgroup> x_scales: array<vec2f, STAGED_ROWS>;

fn stage_weights(first_tile: u32, block: u32, thread: u32) {
  let row = thread % STAGED_ROWS;
  let tile = first_tile + row / 32u;
  // A last workgroup with one tile works on it twice.
  let tile_base = min(tile, TILES - 1u) * TILE_UNITS;
  for (var quad = thread / STAGED_ROWS; quad < 8u; quad += WORKGROUP_SIZE / STAGED_ROWS) {
    staged_weights[quad * STAGED_ROWS + row] = weight_quad(tile_base, block, row % 32u, quad);
  }
  if (thread < STAGED_ROWS) {
    weight_scales[row] = quad_scales(tile_base, block, row % 32u);
  }
}

fn stage_row(first_row: u32, block: u32, row: u32) {
  // Rows beyond the last one in use repeat it; their results are not written.
  let i = (min(first_row + row, step.rows - 1u) * BLOCKS + block) * 8u;
  let larger = max(
    max(max(abs(x[i]), abs(x[i + 1u])), max(abs(x[i + 2u]), abs(x[i + 3u]))),
    max(max(abs(x[i + 4u]), abs(x[i + 5u])), max(abs(x[i + 6u]), abs(x[i + 7u]))),
  );
  let largest = max(max(larger.x, larger.y), max(larger.z, larger.w));
  // The inverse of anything smaller might overflow.
  let inverse = select(0.0, 1.0 / largest, largest > 0x1p-100);
  var sum = 0.0;
  for (var quad = 0u; quad < 8u; quad++) {
    let staged = rounded(x[i + quad] * inverse);
    staged_x[quad * STAGED_ROWS + row] = staged;
    sum += quad_sum(staged);
  }
  x_scales[row] = largest / LARGEST_STAGED * vec2f(1.0, sum);
}

fn write_row(row: u32, tile: u32, column: u32, values: vec4f) {
  if (row < step.rows) {
    let base = row * OUT_WIDTH + OUT_START + tile * 32u + column;
    out[base] = values.x;
    out[base + 16u] = values.y;
    if (tile + 1u < TILES) {
      out[base + 32u] = values.z;
      out[base + 48u] = values.w;
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * STAGED_ROWS;
  if (first_row >= step.rows) {
    return;
  }
  let first_tile = workgroup.x * 2u;
  let row = 4u * (thread / 16u);
  let column = thread % 16u;
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var block = 0u; block < BLOCKS; block++) {
    workgroupBarrier();
    stage_weights(first_tile, block, thread);
    if (thread >= WORKGROUP_SIZE - STAGED_ROWS) {
      stage_row(first_row, block, thread - (WORKGROUP_SIZE - STAGED_ROWS));
    }
    workgroupBarrier();
    let scales0 = weight_scales[column];
    let scales1 = weight_scales[column + 16u];
    let scales2 = weight_scales[column + 32u];
    let scales3 = weight_scales[column + 48u];
    let offsets = vec4f(scales0.z, scales1.z, scales2.z, scales3.z);
    sum0 += x_scales[row].y * offsets;
    sum1 += x_scales[row + 1u].y * offsets;
    sum2 += x_scales[row + 2u].y * offsets;
    sum3 += x_scales[row + 3u].y * offsets;
    for (var side = 0u; side < 2u; side++) {
      var products0 = Products();
      var products1 = Products();
      var products2 = Products();
      var products3 = Products();
      for (var quad = 4u * side; quad < 4u * side + 4u; quad++) {
        let w = quad * STAGED_ROWS + column;
        let w0 = staged_weights[w];
        let w1 = staged_weights[w + 16u];
        let w2 = staged_weights[w + 32u];
        let w3 = staged_weights[w + 48u];
        let at = quad * STAGED_ROWS + row;
        products0 += products_of(staged_x[at], w0, w1, w2, w3);
        products1 += products_of(staged_x[at + 1u], w0, w1, w2, w3);
        products2 += products_of(staged_x[at + 2u], w0, w1, w2, w3);
        products3 += products_of(staged_x[at + 3u], w0, w1, w2, w3);
      }
      let scales = vec4f(scales0[side], scales1[side], scales2[side], scales3[side]);
      sum0 += x_scales[row].x * scales * vec4f(products0);
      sum1 += x_scales[row + 1u].x * scales * vec4f(products1);
      sum2 += x_scales[row + 2u].x * scales * vec4f(products2);
      sum3 += x_scales[row + 3u].x * scales * vec4f(products3);
    }
  }
  write_row(first_row + row, first_tile, column, sum0);
  write_row(first_row + row + 1u, first_tile, column, sum1);
  write_row(first_row + row + 2u, first_tile, column, sum2);
  write_row(first_row + row + 3u, first_tile, column, sum3);
}
