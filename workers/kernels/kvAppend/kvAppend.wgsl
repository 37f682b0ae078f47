// keys[head, position + row] = k[row, head], and likewise values from v
//   k, v:         [rows, WIDTH], heads of HEAD_DIM side by side
//   keys, values: kernels/shared/kvCache.ts
// One invocation per head and quad, one grid row per token; grid layer 0 writes keys, layer 1 values.

override WIDTH: u32;

@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> keys: array<KvQuad>;
@group(0) @binding(4) var<storage, read_write> values: array<KvQuad>;

fn channel(is_value: bool, head_start: u32, index: u32) -> f32 {
  if (index >= HEAD_DIM) {
    return 0.0;
  }
  if (is_value) {
    return v[head_start + index];
  }
  return k[head_start + index];
}

fn channels(is_value: bool, head_start: u32, quad: u32) -> vec4f {
  return vec4f(
    channel(is_value, head_start, 4u * quad),
    channel(is_value, head_start, 4u * quad + 1u),
    channel(is_value, head_start, 4u * quad + 2u),
    channel(is_value, head_start, 4u * quad + 3u),
  );
}

fn write_quad(is_value: bool, head: u32, position: u32, quad: u32, packed: KvQuad) {
  if (is_value) {
    values[value_index(head, position, quad)] = packed;
  } else {
    keys[key_index(head, position, quad)] = packed;
  }
}

fn write_scale(is_value: bool, head: u32, position: u32, scale: f32) {
  if (is_value) {
    values[scale_index(head, position)] = kv_pack_scale(scale);
  } else {
    keys[scale_index(head, position)] = kv_pack_scale(scale);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let head = id.x / QUADS;
  let quad = id.x % QUADS;
  let position = step.position + id.y;
  if (head >= NUM_KV_HEADS || id.y >= step.rows || position >= CAPACITY) {
    return;
  }
  let is_value = id.z == 1u;
  let head_start = id.y * WIDTH + head * HEAD_DIM;
  var packed = channels(is_value, head_start, quad);
  if (KV_SCALED) {
    // Each invocation finds the head's largest magnitude itself: a few cached reads instead of a barrier.
    var largest = vec4f();
    for (var other = 0u; other < QUADS; other++) {
      largest = max(largest, abs(channels(is_value, head_start, other)));
    }
    let magnitude = max(max(largest.x, largest.y), max(largest.z, largest.w));
    packed *= select(0.0, 127.0 / magnitude, magnitude > 0.0);
    if (quad == 0u) {
      write_scale(is_value, head, position, magnitude / 127.0);
    }
  }
  write_quad(is_value, head, position, quad, kv_pack(packed));
}
