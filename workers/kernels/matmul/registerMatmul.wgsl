// out[m, out_start + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 16 activation rows and 256 weight rows
//   weights: `tiles` tiles of a packed matrix (quant/layout.ts), `blocks` blocks each; rows of padding are zero
//   x:       [capacity, 32 · blocks]
//   out:     [capacity, out_width]
// Variant registers: no workgroup memory, so no barrier. Invocation = 16 × 4 outputs: activation rows 4 · m + i, weight rows
// thread % 8 + 8 · j of the tile thread / 8. It unpacks a quad of columns of its weight rows, and loads one of each four
// activation rows for the four neighbouring invocations that multiply them, which works in subgroups of any size. A line that
// mentions {m} stands four times: for activation rows 4 · m + i.
enable subgroups;

const WORKGROUP_SIZE = 64u;
const TILES = WORKGROUP_SIZE / 8u;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [column of the quad][weight row of the invocation]
fn weight_quad(tile_base: u32, block: u32, row: u32, quad: u32) -> mat4x4f {
  return transpose(mat4x4f(
    block_weights(tile_base, block, row, quad), block_weights(tile_base, block, row + 8u, quad),
    block_weights(tile_base, block, row + 16u, quad), block_weights(tile_base, block, row + 24u, quad),
  ));
}

// [activation row][column of the quad]: what each of four neighbours has loaded.
fn of_neighbours(own: vec4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}

fn write_rows(row: u32, column: u32, sums: mat4x4f) {
  write_row(row, column, sums[0]);
  write_row(row + 1u, column, sums[1]);
  write_row(row + 2u, column, sums[2]);
  write_row(row + 3u, column, sums[3]);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * 16u;
  if (first_row >= step.rows) {
    return;
  }
  // Behind the last tile, which neighbours may still have, the work is done once more and not written.
  let tile = workgroup.x * TILES + thread / 8u;
  let tile_base = min(tile, sizes.tiles - 1u) * sizes.tile_units;
  let row = thread % 8u;
  let x_{m} = row_start(first_row + 4u * {m}u + thread % 4u);
  // [activation row][weight row]
  var sums_{m} = mat4x4f();
  for (var block = 0u; block < sizes.blocks; block++) {
    for (var quad = 0u; quad < 8u; quad++) {
      let w = weight_quad(tile_base, block, row, quad);
      sums_{m} += w * of_neighbours(x[x_{m} + block * 8u + quad]);
    }
  }
  if (tile < sizes.tiles) {
    let column = sizes.out_start + tile * 32u + row;
    write_rows(first_row + 4u * {m}u, column, sums_{m});
  }
}
