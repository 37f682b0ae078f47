// out[row] = silu(Σ_t weight[t] · x[row − TAPS + 1 + t]), channel by channel; rows before the step's come from the state
//   x, out: [rows, WIDTH]; columns of out from CHANNELS on are zero
//   weight: [CHANNELS, TAPS]
//   state:  [TAPS − 1, CHANNELS], the last rows of x so far; zero before position 0
// One invocation per channel, which goes through the rows: it alone reads and writes its part of the state.

override CHANNELS: u32;
override WIDTH: u32;
override TAPS: u32;

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// Row `row` of x for rows of the step, of what came before for those below zero.
fn input(row: i32, channel: u32) -> f32 {
  if (row >= 0) {
    return x[u32(row) * WIDTH + channel];
  }
  if (step.position == 0u) {
    return 0.0;
  }
  return state[u32(row + i32(TAPS) - 1) * CHANNELS + channel];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= WIDTH) {
    return;
  }
  let rows = i32(step.rows);
  let before = i32(TAPS) - 1;
  for (var row = 0; row < rows; row++) {
    var sum = 0.0;
    if (channel < CHANNELS) {
      for (var tap = 0; tap <= before; tap++) {
        sum += weight[channel * TAPS + u32(tap)] * input(row - before + tap, channel);
      }
    }
    out[u32(row) * WIDTH + channel] = sum / sigmoid_divisor(sum);
  }
  if (channel >= CHANNELS) {
    return;
  }
  // Oldest first: what is read stands at or behind what is written.
  for (var i = 0; i < before; i++) {
    state[u32(i) * CHANNELS + channel] = input(rows - before + i, channel);
  }
}
