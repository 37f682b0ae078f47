// Rows of x and out for kernels whose invocations have the weight rows `thread % 8 + 8 · j` of a tile.

// Where an activation row begins. Rows beyond the last one in use repeat it; their results are not written.
fn row_start(row: u32) -> u32 {
  return min(row, step.rows - 1u) * sizes.blocks * 8u;
}

fn write_row(row: u32, column: u32, values: vec4f) {
  if (row < step.rows) {
    let base = row * sizes.out_width + column;
    out[base] = values.x;
    out[base + 8u] = values.y;
    out[base + 16u] = values.z;
    out[base + 24u] = values.w;
  }
}
