// What RMSNorm multiplies activation row m by: GAIN / √(mean(x²) + EPS) from the sums of squares of each 8 columns,
// `squares` [capacity, BLOCKS rounded up to eights] of vec4f. It comes behind the matrix product, which is linear, so that
// nobody has to wait for it.
override COLUMNS: u32;
override EPS: f32;
override GAIN: f32;
const SUMMANDS = 32u;
override ROUNDS: u32 = (BLOCKS + SUMMANDS - 1u) / SUMMANDS;
override SQUARES: u32 = BATCH * SUMMANDS;

var<workgroup> square_sums: array<f32, SQUARES>;

// Sums of squares of every thirty-second block, for `norm_gain` behind the next barrier.
fn add_squares(thread: u32) {
  for (var i = thread; i < step.rows * SUMMANDS; i += WORKGROUP_SIZE) {
    let start = (i / SUMMANDS) * ((BLOCKS + 7u) / 8u * 8u);
    var sum = vec4f();
    // So many rounds for everybody: compilers unroll them, and wait for memory once.
    for (var round = 0u; round < ROUNDS; round++) {
      let block = round * SUMMANDS + i % SUMMANDS;
      sum += select(vec4f(), squares[start + min(block, BLOCKS - 1u)], block < BLOCKS);
    }
    square_sums[i] = (sum.x + sum.y) + (sum.z + sum.w);
  }
}

fn norm_gain(m: u32) -> f32 {
  var sum = 0.0;
  for (var i = m * SUMMANDS; i < (m + 1u) * SUMMANDS; i++) {
    sum += square_sums[i];
  }
  return GAIN * inverseSqrt(sum / f32(COLUMNS) + EPS);
}
