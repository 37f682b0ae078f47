// out[row, head] = Σ_key softmax(SCALE · q[row, head] · keys) · values over the keys 0 … position + row
//   q, out:       [rows, WIDTH], heads of HEAD_DIM side by side; columns of out behind the last head are zero
//   keys, values: kernels/shared/kvCache.ts; HEADS_PER_KV_HEAD query heads share one of their heads
// One workgroup per row and head. Softmax is online: per tile of WORKGROUP_SIZE keys, invocation = key scores it, then
// invocation = (share, quad of channels) adds its share of the tile's values; the shares are summed at the end.

override NUM_HEADS: u32;
override HEADS_PER_KV_HEAD: u32;
override WIDTH: u32;
override SCALE: f32;
override WORKGROUP_SIZE: u32;
override SHARES: u32 = WORKGROUP_SIZE / QUADS;

// Below every score, yet finite: a shader may assume that nothing is infinite.
const LOWEST = -3.0e38;

@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> keys: array<KvQuad>;
@group(0) @binding(3) var<storage, read> values: array<KvQuad>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> query: array<vec4f, QUADS>;
var<workgroup> scores: array<f32, WORKGROUP_SIZE>;
var<workgroup> weights: array<f32, WORKGROUP_SIZE>;
var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;
var<workgroup> weight_sums: array<f32, WORKGROUP_SIZE>;

fn query_channel(head_start: u32, index: u32) -> f32 {
  if (index >= HEAD_DIM) {
    return 0.0;
  }
  return SCALE * q[head_start + index];
}

fn load_query(head_start: u32, quad: u32) {
  query[quad] = vec4f(
    query_channel(head_start, 4u * quad),
    query_channel(head_start, 4u * quad + 1u),
    query_channel(head_start, 4u * quad + 2u),
    query_channel(head_start, 4u * quad + 3u),
  );
}

fn score(kv_head: u32, key: u32) -> f32 {
  var sum = 0.0;
  for (var quad = 0u; quad < QUADS; quad++) {
    sum += dot(query[quad], kv_unpack(keys[key_index(kv_head, key, quad)]));
  }
  if (KV_SCALED) {
    sum *= kv_unpack_scale(keys[scale_index(kv_head, key)]);
  }
  return sum;
}

fn value_scale(kv_head: u32, key: u32) -> f32 {
  if (KV_SCALED) {
    return kv_unpack_scale(values[scale_index(kv_head, key)]);
  }
  return 1.0;
}

fn write_channel(head_start: u32, index: u32, value: f32) {
  if (index < HEAD_DIM) {
    out[head_start + index] = value;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let row = workgroup.y;
  if (row >= step.rows) {
    return;
  }
  let head_start = row * WIDTH + head * HEAD_DIM;
  let kv_head = head / HEADS_PER_KV_HEAD;
  let key_count = min(step.position + row + 1u, CAPACITY);
  let quad = thread % QUADS;
  let share = thread / QUADS;
  if (thread < QUADS) {
    load_query(head_start, thread);
  }
  workgroupBarrier();

  var highest = LOWEST;
  var sum = vec4f();
  var weight_sum = 0.0;
  for (var tile = 0u; tile < key_count; tile += WORKGROUP_SIZE) {
    let tile_keys = min(WORKGROUP_SIZE, key_count - tile);
    var own_score = LOWEST;
    if (thread < tile_keys) {
      own_score = score(kv_head, tile + thread);
    }
    scores[thread] = own_score;
    workgroupBarrier();

    var tile_highest = highest;
    for (var key = 0u; key < tile_keys; key++) {
      tile_highest = max(tile_highest, scores[key]);
    }
    if (thread < tile_keys) {
      weights[thread] = exp(own_score - tile_highest);
    }
    let decay = exp(highest - tile_highest);
    highest = tile_highest;
    sum *= decay;
    weight_sum *= decay;
    workgroupBarrier();

    if (share < SHARES) {
      for (var key = share; key < tile_keys; key += SHARES) {
        let value = kv_unpack(values[value_index(kv_head, tile + key, quad)]);
        weight_sum += weights[key];
        sum += weights[key] * value_scale(kv_head, tile + key) * value;
      }
    }
  }

  sums[thread] = sum;
  weight_sums[thread] = weight_sum;
  workgroupBarrier();
  if (thread < QUADS) {
    for (var other = 1u; other < SHARES; other++) {
      sum += sums[other * QUADS + thread];
      weight_sum += weight_sums[other * QUADS + thread];
    }
    let result = sum / weight_sum;
    write_channel(head_start, 4u * thread, result.x);
    write_channel(head_start, 4u * thread + 1u, result.y);
    write_channel(head_start, 4u * thread + 2u, result.z);
    write_channel(head_start, 4u * thread + 3u, result.w);
  }
  let padding = NUM_HEADS * HEAD_DIM + thread;
  if (head == 0u && padding < WIDTH) {
    out[row * WIDTH + padding] = 0.0;
  }
}
