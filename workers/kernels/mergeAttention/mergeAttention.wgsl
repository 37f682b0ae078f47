// out[row, head] = Σ_c exp(highest_c − highest) · values_c / Σ_c exp(highest_c − highest) · weight_c over chunks c of keys
//   partials: [rows, NUM_HEADS, PARTIAL_CHUNKS] of {highest score, sum of weights, 0, 0}, weighted values [QUADS]
//   out:      [rows, WIDTH], heads of HEAD_DIM side by side
// Joins the chunks of each row that cachedAttention left in parts, and multiplies by gates where gatedOutput.wgsl does. One
// invocation per row, head and quad of channels.

override NUM_HEADS: u32;
override HEAD_DIM: u32;
override WIDTH: u32;
override QUADS: u32 = (HEAD_DIM + 3u) / 4u;

@group(0) @binding(1) var<storage, read> partials: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  let head = id.x / QUADS;
  let quad = id.x % QUADS;
  let key_count = step.position + row + 1u;
  let chunk_keys = keys_per_chunk(key_count);
  if (row >= step.rows || head >= NUM_HEADS || key_count <= chunk_keys) {
    return;
  }
  let chunks = (key_count + chunk_keys - 1u) / chunk_keys;
  let first = (row * NUM_HEADS + head) * PARTIAL_CHUNKS * (1u + QUADS);
  // Four chunks at a time (a line that mentions {i} stands four times): one wait for memory instead of four. Behind the last
  // chunk it stands in, and weighs nothing.
  var highest = partials[first].x;
  for (var chunk = 0u; chunk < chunks; chunk += 4u) {
    let summary_{i} = partials[first + min(chunk + {i}u, chunks - 1u) * (1u + QUADS)];
    highest = max(highest, summary_{i}.x);
  }
  var sum = vec4f();
  var weight_sum = 0.0;
  for (var chunk = 0u; chunk < chunks; chunk += 4u) {
    let partial_{i} = first + min(chunk + {i}u, chunks - 1u) * (1u + QUADS);
    let summary_{i} = partials[partial_{i}];
    let values_{i} = partials[partial_{i} + 1u + quad];
    let decay_{i} = select(0.0, exp(summary_{i}.x - highest), chunk + {i}u < chunks);
    weight_sum += decay_{i} * summary_{i}.y;
    sum += decay_{i} * values_{i};
  }
  let result = sum / weight_sum;
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < HEAD_DIM) {
      out[row * WIDTH + head * HEAD_DIM + 4u * quad + i] = result[i] * head_gate(row, head, 4u * quad + i);
    }
  }
}
