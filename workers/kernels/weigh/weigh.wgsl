// weighted = x · weight, squares[m, block] = Σ x[m]² over the block's 32 columns      one invocation per row and block
//   x, weighted: [capacity, 32 · BLOCKS], zero behind the last column
//   weight:      [32 · BLOCKS], zero behind the last column
//   squares:     [capacity, BLOCKS rounded up to whole blocks]
// The first half of RMSNorm, for rows that no projection has made.

override BLOCKS: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weighted: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> squares: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x / BLOCKS;
  if (m >= step.rows) {
    return;
  }
  let block = id.x % BLOCKS;
  var sum = 0.0;
  for (var quad = block * 8u; quad < block * 8u + 8u; quad++) {
    let i = m * BLOCKS * 8u + quad;
    weighted[i] = x[i] * weight[quad];
    sum += dot(x[i], x[i]);
  }
  squares[m * ((BLOCKS + 31u) / 32u * 32u) + block] = sum;
}
