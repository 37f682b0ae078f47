// What attention gives is multiplied by σ(g), for a gate g of each channel that lies in `qkv` [rows, QKV_WIDTH]: from
// GATE_START on, QUERY_STRIDE from one head to the next.

override GATE_START: u32;

fn head_gate(row: u32, head: u32, index: u32) -> f32 {
  let gate = qkv[row * QKV_WIDTH + GATE_START + head * QUERY_STRIDE + index];
  return 1.0 / sigmoid_divisor(gate);
}
