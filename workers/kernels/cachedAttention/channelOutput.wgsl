// What attention gives a head is written as it is, or gated.

fn write_channel(row: u32, head: u32, index: u32, value: f32) {
  if (index < HEAD_DIM) {
    out[row * WIDTH + head * HEAD_DIM + index] = value * head_gate(row, head, index);
  }
}

// Four channels of the workgroup's head number `i`.
fn give_quad(row: u32, first_head: u32, i: u32, quad: u32, channels: vec4f) {
  write_channel(row, first_head + i, 4u * quad, channels.x);
  write_channel(row, first_head + i, 4u * quad + 1u, channels.y);
  write_channel(row, first_head + i, 4u * quad + 2u, channels.z);
  write_channel(row, first_head + i, 4u * quad + 3u, channels.w);
}

fn finish_heads(row: u32, first_head: u32, thread: u32) {
}
