// Variant f32: an invocation loads the activations that it multiplies.

fn add_block(sums: ptr<function, Sums>, block: u32, thread: u32, row: u32) {
  if (row >= step.rows) {
    return;
  }
  let start_{m} = row_start(row + {m}u) + block * 8u;
  for (var quad = 0u; quad < 8u; quad++) {
    let w = unpacked_quad(quad, thread);
    (*sums).row_{m} += x[start_{m} + quad] * w;
  }
}
