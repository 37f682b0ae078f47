// out[m, OUT_START + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 32 activation rows and 32 weight rows
//   weights: tiles of a packed matrix (quant/layout.ts), BLOCKS blocks each; rows of padding are zero
//   x:       [capacity, 32 · BLOCKS]
//   out:     [capacity, OUT_WIDTH]
// Invocation = 4 × 4 outputs: activation rows 4 · (thread / 8) + i, weight rows thread % 8 + 8 · j. A block of weights is
// unpacked once into workgroup memory. How activations are loaded is up to the variant: f32Matmul.wgsl, subgroupMatmul.wgsl.

override BLOCKS: u32;
override TILE_UNITS: u32;
override OUT_START: u32;
override OUT_WIDTH: u32;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [quad of columns][weight row]
var<workgroup> unpacked: array<vec4f, 256>;

fn unpack_block(tile_base: u32, block: u32, thread: u32) {
  let row = thread % 32u;
  for (var quad = thread / 32u; quad < 8u; quad += 2u) {
    unpacked[quad * 32u + row] = block_weights(tile_base, block, row, quad);
  }
}

fn write_row(row: u32, column: u32, values: vec4f) {
  if (row < step.rows) {
    let base = row * OUT_WIDTH + column;
    out[base] = values.x;
    out[base + 8u] = values.y;
    out[base + 16u] = values.z;
    out[base + 24u] = values.w;
  }
}

// Of the invocation's four activation rows: sums over its four weight rows.
struct Sums {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

// Adds the products of the unpacked quads at `w`, `w + 8`, … and a quad of each activation row.
fn add_quad(sums: ptr<function, Sums>, w: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  // Column j of the matrix is weight row `column + 8 · j`: `v * m` gives the four dot products.
  let w_quad = mat4x4f(unpacked[w], unpacked[w + 8u], unpacked[w + 16u], unpacked[w + 24u]);
  (*sums).a += a * w_quad;
  (*sums).b += b * w_quad;
  (*sums).c += c * w_quad;
  (*sums).d += d * w_quad;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * 32u;
  if (first_row >= step.rows) {
    return;
  }
  let tile_base = workgroup.x * TILE_UNITS;
  let row = first_row + 4u * (thread / 8u);
  // Rows beyond the last one in use repeat it; their results are not written.
  let rows = min(row + vec4u(0u, 1u, 2u, 3u), vec4u(step.rows - 1u)) * (BLOCKS * 8u);
  var sums = Sums();
  for (var block = 0u; block < BLOCKS; block++) {
    workgroupBarrier();
    unpack_block(tile_base, block, thread);
    workgroupBarrier();
    add_block(&sums, block, thread, rows);
  }
  let out_column = OUT_START + workgroup.x * 32u + thread % 8u;
  write_row(row, out_column, sums.a);
  write_row(row + 1u, out_column, sums.b);
  write_row(row + 2u, out_column, sums.c);
  write_row(row + 3u, out_column, sums.d);
}
