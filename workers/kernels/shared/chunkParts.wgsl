// What the chunks of a row's keys have left (cachedAttention.wgsl), joined:
//   Σ_c exp(highest_c − highest) · values_c / Σ_c exp(highest_c − highest) · weight_c over chunks c of keys
//   partials: [rows, NUM_HEADS, PARTIAL_CHUNKS] of {highest score, sum of weights, 0, 0}, weighted values [QUADS]

override NUM_HEADS: u32;
override HEAD_DIM: u32;
override QUADS: u32 = (HEAD_DIM + 3u) / 4u;

@group(0) @binding(1) var<storage, read> partials: array<vec4f>;

// Rows of one chunk are finished by whoever computes it.
fn has_parts(row: u32) -> bool {
  let key_count = step.position + row + 1u;
  return row < step.rows && key_count > keys_per_chunk(key_count);
}

// Four channels of a head.
fn joined_quad(row: u32, head: u32, quad: u32) -> vec4f {
  let key_count = step.position + row + 1u;
  let chunk_keys = keys_per_chunk(key_count);
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
  return sum / weight_sum;
}
