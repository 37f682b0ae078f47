// Variant f32: an invocation loads the activations that it multiplies.

fn add_block(sums: ptr<function, Sums>, block: u32, thread: u32, rows: vec4u) {
  let column = thread % 8u;
  for (var quad = 0u; quad < 8u; quad++) {
    let k = block * 8u + quad;
    add_quad(sums, quad * 32u + column, x[rows.x + k], x[rows.y + k], x[rows.z + k], x[rows.w + k]);
  }
}
