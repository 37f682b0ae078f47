// What RMSNorm multiplies a row by: GAIN / √(mean(x²) + EPS) from the sums of squares of its blocks of 32 columns. It
// comes behind the matrix product, which is linear, so that nobody has to wait for it.
override COLUMNS: u32;
override EPS: f32;
override GAIN: f32;

fn norm_gain() -> f32 {
  var sum = 0.0;
  for (var block = 0u; block < BLOCKS; block++) {
    sum += squares[block];
  }
  return GAIN * inverseSqrt(sum / f32(COLUMNS) + EPS);
}
