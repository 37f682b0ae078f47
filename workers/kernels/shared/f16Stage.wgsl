// Variant f16: activations are staged as halves between −1/4 and 1/4. Four of them times the largest half do not overflow,
// so sums of four products are formed in f16 and everything else in f32. A quad is staged as its elements 0, 2, 1, 3, the
// order in which codes are unpacked.
enable f16;

const LARGEST_STAGED = 0.25;
const BLOCK_STAGED_UNITS = 4u;

// The staged form of the block that begins at quad `quad`; {scale, scale · sum} for a largest activation of 1.
fn stage_block(at: u32, quad: u32, inverse: f32) -> vec2f {
  var sum = vec4f();
  for (var pair = 0u; pair < BLOCK_STAGED_UNITS; pair++) {
    let left = vec4<f16>(x[quad + 2u * pair].xzyw * (LARGEST_STAGED * inverse));
    let right = vec4<f16>(x[quad + 2u * pair + 1u].xzyw * (LARGEST_STAGED * inverse));
    sum += vec4f(left) + vec4f(right);
    shared_units[BLOCK_STAGED_UNITS * at + pair] = vec4u(bitcast<vec2u>(left), bitcast<vec2u>(right));
  }
  return vec2f(1.0, (sum.x + sum.y) + (sum.z + sum.w)) / LARGEST_STAGED;
}
