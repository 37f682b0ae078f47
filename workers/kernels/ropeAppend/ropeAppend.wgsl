// q = rotated queries; keys[head, position] = rotated key heads; values[head, position] = value heads      one row
//   qkv:          queries at 0, keys at K_START, values at V_START; heads of HEAD_DIM side by side
//   table:        {cos, sin} of each position and pair, [positions, HEAD_DIM / 2]
//   q:            [WIDTH], zero behind the last head
//   keys, values: kernels/shared/kvCache.ts
// One invocation per head and quad of channels; grid layer 0 writes q, layer 1 keys, layer 2 values.

override NUM_HEADS: u32;
override NUM_KV_HEADS: u32;
override CAPACITY: u32;
override HEAD_DIM: u32;
override WIDTH: u32;
override K_START: u32;
override V_START: u32;
override QUADS: u32 = (HEAD_DIM + 3u) / 4u;
override HALF: u32 = HEAD_DIM / 2u;

@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> q: array<f32>;
@group(0) @binding(4) var<storage, read_write> keys: array<KvQuad>;
@group(0) @binding(5) var<storage, read_write> values: array<KvQuad>;

fn channel(is_rotated: bool, head_start: u32, index: u32) -> f32 {
  if (index >= HEAD_DIM) {
    return 0.0;
  }
  if (!is_rotated) {
    return qkv[head_start + index];
  }
  let i = index % HALF;
  let a = qkv[head_start + i];
  let b = qkv[head_start + HALF + i];
  let cos_sin = table[step.position * HALF + i];
  if (index < HALF) {
    return a * cos_sin.x - b * cos_sin.y;
  }
  return b * cos_sin.x + a * cos_sin.y;
}

fn channels(is_rotated: bool, head_start: u32, quad: u32) -> vec4f {
  return vec4f(
    channel(is_rotated, head_start, 4u * quad),
    channel(is_rotated, head_start, 4u * quad + 1u),
    channel(is_rotated, head_start, 4u * quad + 2u),
    channel(is_rotated, head_start, 4u * quad + 3u),
  );
}

fn write_query(head: u32, quad: u32) {
  if (head >= NUM_HEADS) {
    return;
  }
  let head_start = head * HEAD_DIM;
  let rotated = channels(true, head_start, quad);
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < HEAD_DIM) {
      q[head_start + 4u * quad + i] = rotated[i];
    }
  }
}

fn write_cache(is_value: bool, index: u32, quad: KvQuad) {
  if (is_value) {
    values[index] = quad;
  } else {
    keys[index] = quad;
  }
}

fn append(is_value: bool, head: u32, quad: u32) {
  if (head >= NUM_KV_HEADS || step.position >= CAPACITY) {
    return;
  }
  let head_start = select(K_START, V_START, is_value) + head * HEAD_DIM;
  let cache_row = head * CAPACITY + step.position;
  var packed = channels(!is_value, head_start, quad);
  if (KV_SCALED) {
    // Each invocation finds the head's largest magnitude itself: a few cached reads instead of a barrier.
    var largest = vec4f();
    for (var other = 0u; other < QUADS; other++) {
      largest = max(largest, abs(channels(!is_value, head_start, other)));
    }
    let magnitude = max(max(largest.x, largest.y), max(largest.z, largest.w));
    packed *= select(0.0, 127.0 / magnitude, magnitude > 0.0);
    if (quad == 0u) {
      write_cache(is_value, NUM_KV_HEADS * CAPACITY * QUADS + cache_row, kv_pack_scale(magnitude / 127.0));
    }
  }
  write_cache(is_value, cache_row * QUADS + quad, kv_pack(packed));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let head = id.x / QUADS;
  let quad = id.x % QUADS;
  if (step.rows == 0u) {
    return;
  }
  if (id.z > 0u) {
    append(id.z == 2u, head, quad);
    return;
  }
  write_query(head, quad);
  if (id.x < WIDTH - NUM_HEADS * HEAD_DIM) {
    q[NUM_HEADS * HEAD_DIM + id.x] = 0.0;
  }
}
