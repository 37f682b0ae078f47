// What RMSNorm multiplies activation row m by: GAIN / √(mean(x²) + EPS) from the sums of squares of its blocks of 32
// columns, `squares` [capacity, BLOCKS rounded up to whole blocks]. It comes behind the matrix product, which is linear,
// so that nobody has to wait for it.
override COLUMNS: u32;
override EPS: f32;
override GAIN: f32;
override SQUARES: u32 = BATCH * 8u;

var<workgroup> square_sums: array<f32, SQUARES>;

// Sums of squares of every eighth block, for `norm_gain` behind the next barrier.
fn add_squares(thread: u32) {
  for (var i = thread; i < step.rows * 8u; i += WORKGROUP_SIZE) {
    let start = (i / 8u) * ((BLOCKS + 31u) / 32u * 32u);
    var sum = 0.0;
    for (var block = i % 8u; block < BLOCKS; block += 8u) {
      sum += squares[start + block];
    }
    square_sums[i] = sum;
  }
}

fn norm_gain(m: u32) -> f32 {
  var sum = 0.0;
  for (var i = m * 8u; i < m * 8u + 8u; i++) {
    sum += square_sums[i];
  }
  return GAIN * inverseSqrt(sum / f32(COLUMNS) + EPS);
}
