// (a, b) → (a · cos − b · sin, b · cos + a · sin) for the pairs a = head[i], b = head[i + HALF] with i below HALF
//   x, out: [rows, WIDTH], heads of HEAD_DIM side by side, whose channels from 2 · HALF on stay; columns from COLUMNS on are zero
//   table:  {cos, sin} of each position and i, [positions, HALF]
// One invocation per pair, then one per channel that stays, then one per column of padding; one grid row per token.

override PAIRS: u32;
override HALF: u32;
override HEAD_DIM: u32;
override COLUMNS: u32;
override WIDTH: u32;

@group(0) @binding(1) var<storage, read> table: array<vec2f>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  if (id.x >= WIDTH - PAIRS || row >= step.rows) {
    return;
  }
  if (id.x >= COLUMNS - PAIRS) {
    out[row * WIDTH + PAIRS + id.x] = 0.0;
    return;
  }
  if (id.x >= PAIRS) {
    let staying = HEAD_DIM - 2u * HALF;
    let other = id.x - PAIRS;
    let index = row * WIDTH + (other / staying) * HEAD_DIM + 2u * HALF + other % staying;
    out[index] = x[index];
    return;
  }
  let i = id.x % HALF;
  let index = row * WIDTH + (id.x / HALF) * HEAD_DIM + i;
  let cos_sin = table[(step.position + row) * HALF + i];
  let a = x[index];
  let b = x[index + HALF];
  out[index] = a * cos_sin.x - b * cos_sin.y;
  out[index + HALF] = b * cos_sin.x + a * cos_sin.y;
}
