// weighted = x · weight, squares[m, block] = Σ x[m]² of each 8 of its 32 columns      one invocation per row and block
//   x, weighted: [capacity, 32 · BLOCKS], zero behind the last column
//   weight:      [32 · BLOCKS], zero behind the last column
//   squares:     [capacity, BLOCKS rounded up to eights]
// The first half of RMSNorm, for rows that no projection has made.

override BLOCKS: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weighted: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> squares: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x / BLOCKS;
  if (m >= step.rows) {
    return;
  }
  let block = id.x % BLOCKS;
  var sums = vec4f();
  for (var quad = 0u; quad < 8u; quad++) {
    let i = (m * BLOCKS + block) * 8u + quad;
    weighted[i] = x[i] * weight[block * 8u + quad];
    sums[quad / 2u] += dot(x[i], x[i]);
  }
  squares[m * ((BLOCKS + 7u) / 8u * 8u) + block] = sums;
}
