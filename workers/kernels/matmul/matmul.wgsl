// out[m, out_start + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 64 activation rows and 32 weight rows
//   weights: tiles of a packed matrix (quant/layout.ts), `blocks` blocks each; rows of padding are zero
//   x:       [capacity, 32 · blocks]
//   out:     [capacity, out_width]
// Invocation = 8 × 4 outputs: activation rows 8 · (thread / 8) + i, weight rows thread % 8 + 8 · j. A block of weights is
// unpacked once into workgroup memory. How activations are loaded is up to the variant: f32Matmul.wgsl, subgroupMatmul.wgsl.
// A line that mentions {m} stands once for each activation row of an invocation.

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

// A quad of columns of the invocation's weight rows. Column j of the matrix is weight row `thread % 8 + 8 · j`: `v * m` gives
// the four dot products.
fn unpacked_quad(quad: u32, thread: u32) -> mat4x4f {
  let i = quad * 32u + thread % 8u;
  return mat4x4f(unpacked[i], unpacked[i + 8u], unpacked[i + 16u], unpacked[i + 24u]);
}

// Of each of the invocation's activation rows: sums over its four weight rows.
struct Sums {
  row_{m}: vec4f,
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * 64u;
  if (first_row >= step.rows) {
    return;
  }
  let tile_base = workgroup.x * sizes.tile_units;
  let row = first_row + 8u * (thread / 8u);
  var sums = Sums();
  for (var block = 0u; block < sizes.blocks; block++) {
    workgroupBarrier();
    unpack_block(tile_base, block, thread);
    workgroupBarrier();
    add_block(&sums, block, thread, row);
  }
  let out_column = sizes.out_start + workgroup.x * 32u + thread % 8u;
  write_row(row + {m}u, out_column, sums.row_{m});
}
