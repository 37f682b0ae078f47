// out[row, head] = the parts that cachedAttention left of it, joined (chunkParts.wgsl)
//   out: [rows, WIDTH], heads of HEAD_DIM side by side
// Multiplied by gates where gatedOutput.wgsl does. One invocation per row, head and quad of channels.

override WIDTH: u32;

@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  let head = id.x / QUADS;
  let quad = id.x % QUADS;
  if (head >= NUM_HEADS || !has_parts(row)) {
    return;
  }
  let result = joined_quad(row, head, quad);
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < HEAD_DIM) {
      out[row * WIDTH + head * HEAD_DIM + 4u * quad + i] = result[i] * head_gate(row, head, 4u * quad + i);
    }
  }
}
