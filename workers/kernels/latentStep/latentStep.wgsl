// What latent attention makes of its down-projections of a row before it attends: rmsNorm of the queries, qB · that and
// latentQueries of it, or latentKey, each of whose files has its formula.
//   x:            [rows, 4 · X_QUADS]: QUERY_RANK channels of queries, at 4 · KEY_START the latent and the channels behind it
//   query_norm:   [QUERY_RANK], zero behind that to whole blocks
//   latent_norm:  [4 · RANK_QUADS]
//   out:          [rows, 4 · WIDTH_QUADS]: queries of all heads, then the key, side by side; zero behind that
//   weights_q_b:  qB [NUM_HEADS · QUERY_DIM, QUERY_RANK]; a head's channels that rotate come last
//   weights_kv_b: kvB, shared/latentHeads.ts
// One workgroup per row and head, and one for the key. A head's query is made by invocation = (group, weight row), where
// groups take the blocks of a row in turn; what meets the latent by invocation = (share, quad), where shares take the
// channels of the query in turn.

override NUM_HEADS: u32;
override QUERY_RANK: u32;
override QUERY_BLOCKS: u32;
override KEY_START: u32;
override X_QUADS: u32;
override WIDTH_QUADS: u32;
override EPS: f32;
override WORKGROUP_SIZE: u32;
override GROUPS: u32 = WORKGROUP_SIZE / 32u;
override SHARES: u32 = WORKGROUP_SIZE / RANK_QUADS;

const SUMMANDS = 32u;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> query_norm: array<vec4f>;
@group(0) @binding(3) var<storage, read> latent_norm: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

var<workgroup> squares: array<f32, SUMMANDS>;
var<workgroup> normed: array<vec4f, 8u * QUERY_BLOCKS>;
var<workgroup> row_sums: array<f32, GROUPS * QUERY_DIM>;
var<workgroup> query: array<f32, QUERY_DIM>;
var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;

// One over the root mean square of `count` channels in `quads` quads from `start` on. All invocations call it.
fn norm_gain(start: u32, quads: u32, count: u32, thread: u32) -> f32 {
  if (thread < SUMMANDS) {
    var sum = 0.0;
    for (var quad = thread; quad < quads; quad += SUMMANDS) {
      sum += dot(x[start + quad], x[start + quad]);
    }
    squares[thread] = sum;
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < SUMMANDS; i++) {
    sum += squares[i];
  }
  return inverseSqrt(sum / f32(count) + EPS);
}

fn write_key(row: u32, thread: u32) {
  let start = row * X_QUADS + KEY_START;
  let gain = norm_gain(start, RANK_QUADS, 4u * RANK_QUADS, thread);
  let key = row * WIDTH_QUADS + NUM_HEADS * HEAD_QUADS;
  for (var quad = thread; quad < RANK_QUADS; quad += WORKGROUP_SIZE) {
    out[key + ROPE_QUADS + quad] = gain * x[start + quad] * latent_norm[quad];
  }
  for (var quad = thread; quad < ROPE_QUADS; quad += WORKGROUP_SIZE) {
    out[key + quad] = x[start + RANK_QUADS + quad];
  }
  let padding = (NUM_HEADS + 1u) * HEAD_QUADS + thread;
  if (padding < WIDTH_QUADS) {
    out[row * WIDTH_QUADS + padding] = vec4f();
  }
}

// The part of weight row `row`'s product with `normed` that is this group's. A line that mentions {q} stands for each quad of a
// block.
fn query_product(row: u32, group: u32) -> f32 {
  var sum = 0.0;
  for (var block = group; block < QUERY_BLOCKS; block += GROUPS) {
    sum += dot(row_weights_q_b(row, block, {q}u), normed[8u * block + {q}u]);
  }
  return sum;
}

fn write_query(row: u32, head: u32, thread: u32) {
  let start = row * X_QUADS;
  let gain = norm_gain(start, 8u * QUERY_BLOCKS, QUERY_RANK, thread);
  for (var quad = thread; quad < 8u * QUERY_BLOCKS; quad += WORKGROUP_SIZE) {
    normed[quad] = gain * x[start + quad] * query_norm[quad];
  }
  workgroupBarrier();

  let group = thread / 32u;
  for (var i = thread % 32u; i < QUERY_DIM; i += 32u) {
    row_sums[group * QUERY_DIM + i] = query_product(head * QUERY_DIM + i, group);
  }
  workgroupBarrier();
  for (var i = thread; i < QUERY_DIM; i += WORKGROUP_SIZE) {
    var sum = 0.0;
    for (var other = 0u; other < GROUPS; other++) {
      sum += row_sums[other * QUERY_DIM + i];
    }
    query[i] = sum;
  }
  workgroupBarrier();

  let quad = thread % RANK_QUADS;
  var sum = vec4f();
  if (thread < SHARES * RANK_QUADS) {
    for (var d = thread / RANK_QUADS; d < CONTENT_DIM; d += SHARES) {
      sum += query[d] * row_weights_kv_b(head * KV_B_ROWS + d, quad / 8u, quad % 8u);
    }
  }
  sums[thread] = sum;
  workgroupBarrier();
  let head_start = row * WIDTH_QUADS + head * HEAD_QUADS;
  if (thread < RANK_QUADS) {
    for (var other = 1u; other < SHARES; other++) {
      sum += sums[other * RANK_QUADS + thread];
    }
    out[head_start + ROPE_QUADS + thread] = sum;
  }
  for (var i = thread; i < ROPE_QUADS; i += WORKGROUP_SIZE) {
    let at = CONTENT_DIM + 4u * i;
    out[head_start + i] = vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]);
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let row = workgroup.y;
  if (row >= step.rows) {
    return;
  }
  if (head == NUM_HEADS) {
    write_key(row, thread);
  } else {
    write_query(row, head, thread);
  }
}
