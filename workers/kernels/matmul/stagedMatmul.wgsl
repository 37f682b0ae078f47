// out[m, out_start + n] = Σ_k x[m, k] · weights[n, k]      one workgroup per 64 activation rows and 64 weight rows
//   weights: `tiles` tiles of a packed matrix (quant/layout.ts), `blocks` blocks each; rows of padding are zero
//   x:       [capacity, 32 · blocks]
//   out:     [capacity, out_width]
// Activations are rounded, each row's 32 columns of a block with a scale of their own, so that no size of activation
// overflows and an outlier costs only its block; weights stay codes. Both are staged in workgroup memory, a block at a time,
// multiplied as the variant's small numbers (f16Matmul.wgsl, int8Matmul.wgsl), and scaled and added up in f32.
// Invocation = 4 × 4 outputs: activation rows 4 · (thread / 16) + i, weight rows thread % 16 + 16 · j. Where four weight rows
// stand together, in vectors of four, they are those of one invocation. A line that mentions {m} stands once for each of its
// activation rows.

const WORKGROUP_SIZE = 256u;
const STAGED_ROWS = 64u;
// Invocations that stage weights, activations, and scales of weights.
const WEIGHT_STAGERS = 128u;
const ROW_STAGERS = STAGED_ROWS;
const SCALE_STAGERS = 16u;
const SCALE_QUADS = 8u / BLOCK_SCALES;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// [row]: what a staged number stands for, and what the staged numbers add up to.
var<workgroup> x_scales: array<f32, STAGED_ROWS>;
var<workgroup> x_sums: array<f32, STAGED_ROWS>;
// [scale of the block][four weight rows]
var<workgroup> weight_scales: array<vec4f, 32>;
var<workgroup> weight_offsets: array<vec4f, 16>;

// Where the two tiles of the workgroup begin. A last workgroup with one tile works on it twice.
fn tile_bases(first_tile: u32) -> vec2u {
  return min(vec2u(first_tile, first_tile + 1u), vec2u(sizes.tiles - 1u)) * sizes.tile_units;
}

fn stage_scales(tiles: vec2u, block: u32, column: u32) {
  let a = product_scales(tiles.x, block, column);
  let b = product_scales(tiles.x, block, column + 16u);
  let c = product_scales(tiles.y, block, column);
  let d = product_scales(tiles.y, block, column + 16u);
  weight_scales[column] = vec4f(a.x, b.x, c.x, d.x);
  weight_scales[column + 16u] = vec4f(a.y, b.y, c.y, d.y);
  weight_offsets[column] = vec4f(a.z, b.z, c.z, d.z);
}

fn stage_row(first_row: u32, block: u32, row: u32) {
  // Rows beyond the last one in use repeat it; their results are not written.
  let i = (min(first_row + row, step.rows - 1u) * sizes.blocks + block) * 8u;
  let larger = max(
    max(max(abs(x[i]), abs(x[i + 1u])), max(abs(x[i + 2u]), abs(x[i + 3u]))),
    max(max(abs(x[i + 4u]), abs(x[i + 5u])), max(abs(x[i + 6u]), abs(x[i + 7u]))),
  );
  let largest = max(max(larger.x, larger.y), max(larger.z, larger.w));
  // The inverse of anything smaller might overflow.
  let inverse = select(0.0, 1.0 / largest, largest > 0x1p-100);
  var sum = 0.0;
  for (var quad = 0u; quad < 8u; quad++) {
    sum += stage_quad(row, quad, x[i + quad] * inverse);
  }
  x_scales[row] = largest / LARGEST_STAGED;
  x_sums[row] = sum;
}

fn stage(first_row: u32, tiles: vec2u, block: u32, thread: u32) {
  if (thread < WEIGHT_STAGERS) {
    stage_weights(tiles, block, thread / 16u, thread % 16u);
  } else if (thread < WEIGHT_STAGERS + ROW_STAGERS) {
    stage_row(first_row, block, thread - WEIGHT_STAGERS);
  } else if (thread < WEIGHT_STAGERS + ROW_STAGERS + SCALE_STAGERS) {
    stage_scales(tiles, block, thread - (WEIGHT_STAGERS + ROW_STAGERS));
  }
}

fn write_row(row: u32, tile: u32, column: u32, values: vec4f) {
  if (row < step.rows) {
    let base = row * sizes.out_width + sizes.out_start + tile * 32u + column;
    out[base] = values.x;
    out[base + 16u] = values.y;
    if (tile + 1u < sizes.tiles) {
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
  let tiles = tile_bases(first_tile);
  let row = 4u * (thread / 16u);
  let column = thread % 16u;
  let in_use = first_row + row < step.rows;
  var sum_{m} = vec4f();
  for (var block = 0u; block < sizes.blocks; block++) {
    workgroupBarrier();
    stage(first_row, tiles, block, thread);
    workgroupBarrier();
    if (in_use) {
      let offsets = weight_offsets[column];
      var block_sum_{m} = x_sums[row + {m}u] * offsets;
      for (var i = 0u; i < BLOCK_SCALES; i++) {
        var products_{m} = Products();
        for (var quad = SCALE_QUADS * i; quad < SCALE_QUADS * (i + 1u); quad++) {
          let w = weight_quads(quad, column);
          products_{m} = add_products(products_{m}, x_quad(quad, row + {m}u), w);
        }
        let scales = weight_scales[16u * i + column];
        block_sum_{m} += vec4f(products_{m}) * scales;
      }
      sum_{m} += x_scales[row + {m}u] * block_sum_{m};
    }
  }
  write_row(first_row + row + {m}u, first_tile, column, sum_{m});
}
