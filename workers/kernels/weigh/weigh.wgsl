// weighted = x · weight, squares[block] = Σ x² over the block's 32 columns      one invocation per block, one row
//   x, weight, weighted: [32 · BLOCKS], zero behind the last column
//   squares:             [BLOCKS]
// The first half of RMSNorm, for a row that no projection has made.

override BLOCKS: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weighted: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> squares: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let block = id.x;
  if (block >= BLOCKS || step.rows == 0u) {
    return;
  }
  var sum = 0.0;
  for (var i = block * 8u; i < block * 8u + 8u; i++) {
    weighted[i] = x[i] * weight[i];
    sum += dot(x[i], x[i]);
  }
  squares[block] = sum;
}
