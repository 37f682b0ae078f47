// out[row, head] = Σ_key softmax(SCALE · q[row, head] · keys) · values over the keys 0 … position + row; where not CAUSAL, over
// all keys before the step and, with OWN_KEYS, of the step
//   q, out:       [rows, WIDTH], heads of HEAD_DIM side by side; columns of out behind the last head are zero
//   keys, values: kernels/shared/kvCache.ts; HEADS_PER_KV_HEAD query heads share one of their heads
// One workgroup per head and tile of QUERIES rows, for many rows: keys and values pass through workgroup memory in tiles of
// KEYS, and each is read once for all rows of the tile. Four rows make a group; invocation = (group, lane). Per tile of
// keys, the invocation scores each LANES-th of SLICES slices of all keys for its group, weighs each LANES-th key (softmax is
// online), and adds all weighted values to its quad of channels of the group's rows. Tiles behind the last row's key are
// skipped. Lines with {i} stand once for each quad of a tile that an invocation reads.

override NUM_HEADS: u32;
override HEADS_PER_KV_HEAD: u32;
override WIDTH: u32;
override SCALE: f32;
override CAUSAL: bool;
override OWN_KEYS: bool;
override QUERIES: u32;
override KEYS: u32;
override SLICES: u32;
override LANES: u32 = QUADS;
override GROUPS: u32 = QUERIES / 4u;
override WORKGROUP_SIZE: u32 = GROUPS * LANES;

// Below every score, yet finite: a shader may assume that nothing is infinite.
const LOWEST = -3.0e38;

@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> keys: array<KvQuad>;
@group(0) @binding(3) var<storage, read> values: array<KvQuad>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// [QUADS][QUERIES]
var<workgroup> queries: array<vec4f, QUADS * QUERIES>;
// Keys [QUADS][KEYS], then values [KEYS][QUADS].
var<workgroup> tile: array<vec4f, QUADS * KEYS>;
// Of the four rows of a group, [SLICES][KEYS][GROUPS], whose first slice becomes the sum; at the end, sums of weights.
var<workgroup> scores: array<vec4f, SLICES * KEYS * GROUPS>;
// [KEYS][GROUPS]
var<workgroup> weights: array<vec4f, KEYS * GROUPS>;

fn query_channel(row: u32, head: u32, index: u32) -> f32 {
  if (row >= step.rows || index >= HEAD_DIM) {
    return 0.0;
  }
  return SCALE * q[row * WIDTH + head * HEAD_DIM + index];
}

fn load_queries(first_row: u32, head: u32, thread: u32) {
  for (var i = thread; i < QUERIES * QUADS; i += WORKGROUP_SIZE) {
    let row = first_row + i / QUADS;
    let quad = i % QUADS;
    queries[quad * QUERIES + i / QUADS] = vec4f(
      query_channel(row, head, 4u * quad),
      query_channel(row, head, 4u * quad + 1u),
      query_channel(row, head, 4u * quad + 2u),
      query_channel(row, head, 4u * quad + 3u),
    );
  }
}

// What stands in the cache behind `key_count` may be anything, and counts as zero.
fn key_quad(kv_head: u32, key: u32, quad: u32, key_count: u32) -> vec4f {
  let cached = min(key, key_count - 1u);
  var channels = kv_unpack(keys[key_index(kv_head, cached, quad)]);
  if (KV_SCALED) {
    channels *= kv_unpack_scale(keys[scale_index(kv_head, cached)]);
  }
  return select(vec4f(), channels, key < key_count);
}

fn value_quad(kv_head: u32, key: u32, quad: u32, key_count: u32) -> vec4f {
  let cached = min(key, key_count - 1u);
  var channels = kv_unpack(values[value_index(kv_head, cached, quad)]);
  if (KV_SCALED) {
    channels *= kv_unpack_scale(values[scale_index(kv_head, cached)]);
  }
  return select(vec4f(), channels, key < key_count);
}

// What each SLICES-th quad of a key adds to its scores for the four rows of a group.
fn score_of_slice(group: u32, key: u32, slice: u32) -> vec4f {
  var sum = vec4f();
  for (var quad = slice; quad < QUADS; quad += SLICES) {
    let channels = tile[quad * KEYS + key];
    let first = quad * QUERIES + 4u * group;
    sum += vec4f(
      dot(queries[first], channels),
      dot(queries[first + 1u], channels),
      dot(queries[first + 2u], channels),
      dot(queries[first + 3u], channels),
    );
  }
  return sum;
}

fn write(row: u32, head: u32, quad: u32, result: vec4f) {
  if (row >= step.rows) {
    return;
  }
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < HEAD_DIM) {
      out[row * WIDTH + head * HEAD_DIM + 4u * quad + i] = result[i];
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let first_row = workgroup.y * QUERIES;
  if (first_row >= step.rows) {
    return;
  }
  let kv_head = head / HEADS_PER_KV_HEAD;
  let own_keys = select(step.rows, min(first_row + QUERIES, step.rows), CAUSAL);
  let key_count = step.position + select(0u, own_keys, OWN_KEYS);
  let group = thread / LANES;
  let lane = thread % LANES;
  // The last keys that the rows of the group may see.
  let causal_positions = vec4u(step.position + first_row + 4u * group) + vec4u(0u, 1u, 2u, 3u);
  let own_positions = select(vec4u(key_count - 1u), causal_positions, CAUSAL);
  load_queries(first_row, head, thread);

  var highest = vec4f(LOWEST);
  var weight_sum = vec4f();
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  for (var first_key = 0u; first_key < key_count; first_key += KEYS) {
    // All that is read of the tile is on its way before anything waits for it.
    let at_{i} = thread + {i}u * WORKGROUP_SIZE;
    let key_quad_{i} = key_quad(kv_head, first_key + at_{i} % KEYS, at_{i} / KEYS, key_count);
    let value_quad_{i} = value_quad(kv_head, first_key + at_{i} / QUADS, at_{i} % QUADS, key_count);
    tile[at_{i}] = key_quad_{i};
    workgroupBarrier();

    for (var i = lane; i < SLICES * KEYS; i += LANES) {
      let slice = i / KEYS;
      let is_seen = vec4u(first_key + i % KEYS) <= own_positions;
      let unseen = vec4f(select(0.0, LOWEST, slice == 0u));
      scores[i * GROUPS + group] = select(unseen, score_of_slice(group, i % KEYS, slice), is_seen);
    }
    workgroupBarrier();

    if (SLICES > 1u) {
      for (var key = lane; key < KEYS; key += LANES) {
        for (var slice = 1u; slice < SLICES; slice++) {
          scores[key * GROUPS + group] += scores[(slice * KEYS + key) * GROUPS + group];
        }
      }
      workgroupBarrier();
    }

    tile[at_{i}] = value_quad_{i};
    var tile_highest = highest;
    for (var key = 0u; key < KEYS; key++) {
      tile_highest = max(tile_highest, scores[key * GROUPS + group]);
    }
    let decay = exp(highest - tile_highest);
    highest = tile_highest;
    weight_sum *= decay;
    for (var key = lane; key < KEYS; key += LANES) {
      let weight = exp(scores[key * GROUPS + group] - highest);
      weights[key * GROUPS + group] = weight;
      weight_sum += weight;
    }
    workgroupBarrier();

    sum_0 *= decay.x;
    sum_1 *= decay.y;
    sum_2 *= decay.z;
    sum_3 *= decay.w;
    for (var key = 0u; key < KEYS; key++) {
      let weight = weights[key * GROUPS + group];
      let channels = tile[key * QUADS + lane];
      sum_0 += weight.x * channels;
      sum_1 += weight.y * channels;
      sum_2 += weight.z * channels;
      sum_3 += weight.w * channels;
    }
    workgroupBarrier();
  }

  // Only as many lanes as there are keys in a tile have weighed any.
  if (lane < KEYS) {
    scores[lane * GROUPS + group] = weight_sum;
  }
  workgroupBarrier();
  var total = vec4f();
  for (var other = 0u; other < min(LANES, KEYS); other++) {
    total += scores[other * GROUPS + group];
  }
  let row = first_row + 4u * group;
  write(row, head, lane, sum_0 / total.x);
  write(row + 1u, head, lane, sum_1 / total.y);
  write(row + 2u, head, lane, sum_2 / total.z);
  write(row + 3u, head, lane, sum_3 / total.w);
  if (head == 0u) {
    let padding = WIDTH - NUM_HEADS * HEAD_DIM;
    for (var i = thread; i < QUERIES * padding; i += WORKGROUP_SIZE) {
      let padded_row = first_row + i / max(padding, 1u);
      if (padded_row < step.rows) {
        out[(padded_row + 1u) * WIDTH - 1u - i % max(padding, 1u)] = 0.0;
      }
    }
  }
}
