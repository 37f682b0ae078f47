// Attention that nothing gates.

fn head_gate(row: u32, head: u32, index: u32) -> f32 {
  return 1.0;
}
