// out[row, head] = Σ_key softmax(SCALE · q[row, head] · keys) · values over the keys 0 … position + row
//   qkv:          [rows, QKV_WIDTH], queries at 0, each QUERY_STRIDE behind the one before, keys at K_START, values at
//                 V_START, all before RoPE; heads of HEAD_DIM
//   table:        {cos, sin} of each position and pair of channels, [positions, ROTARY_DIM / 2]; further channels stay
//   keys, values: kernels/shared/kvCache.ts; HEADS_PER_KV_HEAD query heads share one of their heads
//   out:          [rows, WIDTH], heads of OUT_HEAD_DIM side by side; columns behind the last head are zero
//   partials:     [rows, NUM_HEADS, PARTIAL_CHUNKS] of {highest score, sum of weights, 0, 0}, weighted values [QUADS]
// RoPE, the cache append and attention; around them the norms of normedHeads.wgsl and the gates of gatedOutput.wgsl, or the
// values that latentOutput.wgsl makes of what attention gives, which channelOutput.wgsl leaves as it is. One workgroup per row,
// chunk of keys (keyChunks.wgsl) and QUERY_HEADS heads that share a key head. Keys before the step come from the cache. Those
// of the step are rotated and rounded as the cache rounds them, by whoever needs them; the workgroup whose chunk ends in its
// own row's key stores it, and nobody reads that place. So a row's result does not depend on which rows came with it. A row of
// one chunk is finished here; of more, each leaves its part in `partials`, for mergeAttention or mergeLatentAttention.
// Softmax is online: per tile of WORKGROUP_SIZE keys, invocation = key scores it, then invocation = (share, quad of
// channels) adds its share of the tile's values; the shares are summed at the end.

override NUM_HEADS: u32;
override HEADS_PER_KV_HEAD: u32;
override QKV_WIDTH: u32;
override QUERY_STRIDE: u32;
override K_START: u32;
override V_START: u32;
override WIDTH: u32;
override OUT_HEAD_DIM: u32;
override SCALE: f32;
override ROTARY_DIM: u32;
override WORKGROUP_SIZE: u32;
// Rows that the step may have, and of how many the keys are staged at once.
override BATCH: u32;
override STAGED_KEYS: u32;
override HALF: u32 = ROTARY_DIM / 2u;
override SHARES: u32 = WORKGROUP_SIZE / QUADS;

// Below every score, yet finite: a shader may assume that nothing is infinite.
const LOWEST = -3.0e38;
// Scores whose highest one invocation finds.
const RUN = 16u;
// Rows that any step may have.
override MOST_ROWS: u32;

@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> keys: array<KvQuad>;
@group(0) @binding(4) var<storage, read_write> values: array<KvQuad>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;

var<workgroup> query: array<vec4f, QUERY_HEADS * QUADS>;
// Of the step's own rows: keys as the cache stores them, each in the place of the one STAGED_KEYS before it, and scales of
// keys and of values.
var<workgroup> new_keys: array<KvQuad, STAGED_KEYS * QUADS>;
var<workgroup> new_key_scales: array<f32, BATCH>;
var<workgroup> new_value_scales: array<f32, BATCH>;
// Of each quad of channels: the largest, or a sum of squares.
var<workgroup> of_quads: array<f32, WORKGROUP_SIZE>;
// Scores of a tile's keys, then their weights.
var<workgroup> weights: array<Heads, WORKGROUP_SIZE>;
var<workgroup> highest_of_runs: array<Heads, WORKGROUP_SIZE / RUN>;
var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;
var<workgroup> weight_sums: array<Heads, SHARES>;

fn channel(head_start: u32, index: u32) -> f32 {
  if (index >= HEAD_DIM) {
    return 0.0;
  }
  return qkv[head_start + index];
}

fn channels_of(head_start: u32, quad: u32) -> vec4f {
  return vec4f(
    channel(head_start, 4u * quad),
    channel(head_start, 4u * quad + 1u),
    channel(head_start, 4u * quad + 2u),
    channel(head_start, 4u * quad + 3u),
  );
}

// Where heads are normed, still to be multiplied by their `head_gain`.
fn rotated_channel(head_start: u32, row: u32, index: u32, is_query: bool) -> f32 {
  if (index >= ROTARY_DIM) {
    return norm_weight(index, is_query) * channel(head_start, index);
  }
  let i = index % HALF;
  let a = norm_weight(i, is_query) * qkv[head_start + i];
  let b = norm_weight(HALF + i, is_query) * qkv[head_start + HALF + i];
  let cos_sin = table[(step.position + row) * HALF + i];
  return select(b * cos_sin.x + a * cos_sin.y, a * cos_sin.x - b * cos_sin.y, index < HALF);
}

fn rotated_channels(head_start: u32, row: u32, quad: u32, is_query: bool) -> vec4f {
  return vec4f(
    rotated_channel(head_start, row, 4u * quad, is_query),
    rotated_channel(head_start, row, 4u * quad + 1u, is_query),
    rotated_channel(head_start, row, 4u * quad + 2u, is_query),
    rotated_channel(head_start, row, 4u * quad + 3u, is_query),
  );
}

// Prepares a key of the step, and the scale of its value.
fn stage(row: u32, kv_head: u32, stores: bool, thread: u32) {
  let quad = thread % QUADS;
  let is_key = thread < QUADS;
  let is_value = thread / QUADS == 1u;
  let key_start = row * QKV_WIDTH + K_START + kv_head * HEAD_DIM;
  let gain = head_gain(key_start, thread, is_key);
  var channels = vec4f();
  if (is_key) {
    channels = gain * rotated_channels(key_start, row, quad, false);
  }
  if (KV_SCALED) {
    if (is_value) {
      channels = channels_of(row * QKV_WIDTH + V_START + kv_head * HEAD_DIM, quad);
    }
    let size = abs(channels);
    of_quads[thread] = max(max(size.x, size.y), max(size.z, size.w));
    workgroupBarrier();
    var magnitude = 0.0;
    if (is_key || is_value) {
      for (var i = 0u; i < QUADS; i++) {
        magnitude = max(magnitude, of_quads[thread - quad + i]);
      }
    }
    channels *= select(0.0, 127.0 / magnitude, magnitude > 0.0);
    let scale = magnitude / 127.0;
    if (is_key && quad == 0u) {
      new_key_scales[row] = scale;
      if (stores) {
        keys[scale_index(kv_head, step.position + row)] = kv_pack_scale(scale);
      }
    }
    if (is_value && quad == 0u) {
      new_value_scales[row] = scale;
      if (stores) {
        values[scale_index(kv_head, step.position + row)] = kv_pack_scale(scale);
      }
    }
    workgroupBarrier();
  }
  if (is_key) {
    let packed = kv_pack(channels);
    new_keys[row % STAGED_KEYS * QUADS + quad] = packed;
    if (stores) {
      keys[key_index(kv_head, step.position + row, quad)] = packed;
    }
  }
}

// As many keys of the step as there is room for, from `first_key` on. Returns the first one that is still to be staged.
fn stage_keys(first_key: u32, end_key: u32, kv_head: u32, stores: bool, thread: u32) -> u32 {
  let staged_end = min(first_key + STAGED_KEYS, end_key);
  for (var key = first_key; key < staged_end; key++) {
    stage(key - step.position, kv_head, stores && key + 1u == end_key, thread);
  }
  return staged_end;
}

fn stored_key(kv_head: u32, key: u32, quad: u32) -> KvQuad {
  if (key < step.position) {
    return keys[key_index(kv_head, key, quad)];
  }
  return new_keys[(key - step.position) % STAGED_KEYS * QUADS + quad];
}

fn key_scale(kv_head: u32, key: u32) -> f32 {
  if (!KV_SCALED) {
    return 1.0;
  }
  if (key < step.position) {
    return kv_unpack_scale(keys[scale_index(kv_head, key)]);
  }
  return new_key_scales[key - step.position];
}

// Cached quads are loaded four at a time (a line that mentions {i} stands four times), which is one wait for memory instead of
// four. What is computed with them is the same code for keys of the cache and of the step, which compilers might round
// differently otherwise. So with values.
fn score(kv_head: u32, key: u32) -> Heads {
  let scale = key_scale(kv_head, key);
  var sum = Heads();
  var quad = 0u;
  for (; quad + 3u < QUADS; quad += 4u) {
    var packed_{i}: KvQuad;
    if (key < step.position) {
      packed_{i} = keys[key_index(kv_head, key, quad + {i}u)];
    } else {
      packed_{i} = new_keys[(key - step.position) % STAGED_KEYS * QUADS + quad + {i}u];
    }
    sum += head_dots(quad + {i}u, kv_unpack(packed_{i}));
  }
  for (; quad < QUADS; quad++) {
    sum += head_dots(quad, kv_unpack(stored_key(kv_head, key, quad)));
  }
  return sum * scale;
}

// Four channels of a value as the cache stores them, and the scale of its row.
struct StoredValue {
  packed: KvQuad,
  scale: f32,
}

fn cached_value(kv_head: u32, key: u32, quad: u32) -> StoredValue {
  let packed = values[value_index(kv_head, key, quad)];
  if (KV_SCALED) {
    return StoredValue(packed, kv_unpack_scale(values[scale_index(kv_head, key)]));
  }
  return StoredValue(packed, 1.0);
}

// A value of the step is stored where `stores`.
fn stored_value(kv_head: u32, key: u32, quad: u32, stores: bool) -> StoredValue {
  if (key < step.position) {
    return cached_value(kv_head, key, quad);
  }
  let row = key - step.position;
  var channels = channels_of(row * QKV_WIDTH + V_START + kv_head * HEAD_DIM, quad);
  var scale = 1.0;
  if (KV_SCALED) {
    scale = new_value_scales[row];
    channels *= select(0.0, 1.0 / scale, scale > 0.0);
  }
  let packed = kv_pack(channels);
  if (stores) {
    values[value_index(kv_head, key, quad)] = packed;
  }
  return StoredValue(packed, scale);
}

fn unpacked(value: StoredValue) -> vec4f {
  return value.scale * kv_unpack(value.packed);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first_head = workgroup.x * QUERY_HEADS;
  let row = workgroup.y;
  let key_count = step.position + row + 1u;
  let chunk_keys = keys_per_chunk(key_count);
  let first_key = workgroup.z * chunk_keys;
  if (row >= step.rows || key_count > CAPACITY || first_key >= key_count) {
    return;
  }
  let end_key = min(first_key + chunk_keys, key_count);
  let kv_head = first_head / HEADS_PER_KV_HEAD;
  let stores = end_key == key_count && first_head % HEADS_PER_KV_HEAD == 0u;

  // The last invocations begin with queries, the first ones with the key.
  let query_part = WORKGROUP_SIZE - 1u - thread;
  for (var first = 0u; first < QUERY_HEADS; first += SHARES) {
    let head = first + query_part / QUADS;
    let is_query = query_part < SHARES * QUADS && head < QUERY_HEADS;
    let query_start = row * QKV_WIDTH + (first_head + head) * QUERY_STRIDE;
    let query_gain = SCALE * head_gain(query_start, query_part, is_query);
    if (is_query) {
      query[first * QUADS + query_part] = query_gain * rotated_channels(query_start, row, query_part % QUADS, true);
    }
  }
  var staged_end = stage_keys(max(first_key, step.position), end_key, kv_head, stores, thread);
  workgroupBarrier();

  let quad = thread % QUADS;
  let share = thread / QUADS;
  var highest = Heads(LOWEST);
  var weight_sum = Heads();
  var sum = HeadSums();
  for (var tile = first_key; tile < end_key; tile += WORKGROUP_SIZE) {
    let tile_keys = min(WORKGROUP_SIZE, end_key - tile);
    // Where the step has more keys than are staged at once, the others follow when these are scored.
    var own_score = Heads(LOWEST);
    var scored_end = tile;
    loop {
      let key = tile + thread;
      if (key >= scored_end && key < min(staged_end, tile + tile_keys)) {
        own_score = score(kv_head, key);
      }
      if (STAGED_KEYS == BATCH || staged_end >= tile + tile_keys) {
        break;
      }
      workgroupBarrier();
      scored_end = staged_end;
      staged_end = stage_keys(scored_end, end_key, kv_head, stores, thread);
      workgroupBarrier();
    }
    weights[thread] = own_score;
    workgroupBarrier();

    if (thread < WORKGROUP_SIZE / RUN) {
      var highest_of_run = weights[thread * RUN];
      for (var i = 1u; i < RUN; i++) {
        highest_of_run = max(highest_of_run, weights[thread * RUN + i]);
      }
      highest_of_runs[thread] = highest_of_run;
    }
    workgroupBarrier();

    var tile_highest = highest;
    for (var i = 0u; i < WORKGROUP_SIZE / RUN; i++) {
      tile_highest = max(tile_highest, highest_of_runs[i]);
    }
    if (thread < tile_keys) {
      weights[thread] = exp(own_score - tile_highest);
    }
    let decay = exp(highest - tile_highest);
    highest = tile_highest;
    weight_sum *= decay;
    sum = decayed(sum, decay);
    workgroupBarrier();

    if (share < SHARES) {
      var key = share;
      // Keys that are in the cache whatever rows come with this one.
      let old_keys = min(tile_keys, max(key_count, tile + MOST_ROWS) - tile - MOST_ROWS);
      for (; key + 3u * SHARES < old_keys; key += 4u * SHARES) {
        let key_{i} = key + {i}u * SHARES;
        let value_{i} = cached_value(kv_head, tile + key_{i}, quad);
        weight_sum += weights[key_{i}];
        sum = with_value(sum, weights[key_{i}], unpacked(value_{i}));
      }
      for (; key < tile_keys; key += SHARES) {
        let value = stored_value(kv_head, tile + key, quad, stores && tile + key + 1u == key_count);
        weight_sum += weights[key];
        sum = with_value(sum, weights[key], unpacked(value));
      }
    }
    workgroupBarrier();
  }

  if (share < SHARES && quad == 0u) {
    weight_sums[share] = weight_sum;
  }
  for (var i = 0u; i < QUERY_HEADS; i++) {
    sums[thread] = sum_of_head(sum, i);
    workgroupBarrier();
    if (thread < QUADS) {
      var total = sums[thread];
      var total_weight = of_head(weight_sums[0], i);
      for (var other = 1u; other < SHARES; other++) {
        total += sums[other * QUADS + thread];
        total_weight += of_head(weight_sums[other], i);
      }
      if (key_count <= chunk_keys) {
        give_quad(row, first_head, i, thread, total / total_weight);
      } else {
        let partial = ((row * NUM_HEADS + first_head + i) * PARTIAL_CHUNKS + workgroup.z) * (1u + QUADS);
        partials[partial + 1u + thread] = total;
        if (thread == 0u) {
          partials[partial] = vec4f(of_head(highest, i), total_weight, 0.0, 0.0);
        }
      }
    }
    workgroupBarrier();
  }
  if (key_count <= chunk_keys) {
    finish_heads(row, first_head, thread);
  }
  let padding = NUM_HEADS * OUT_HEAD_DIM + thread;
  if (first_head == 0u && first_key == 0u && padding < WIDTH) {
    out[row * WIDTH + padding] = 0.0;
  }
}
