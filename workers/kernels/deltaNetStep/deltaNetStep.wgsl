// One token in a Gated DeltaNet layer, from its projections to what its output matrix is applied to: shortConvolution,
// deltaRule, headNorm and gateHeads ('silu') in turn, each of whose files has its formula.
//   x:           what the projections give: [CHANNELS] of queries, keys and values, as deltaHeads.wgsl has them; and for
//                each value head decay at DECAY_START, beta at BETA_START, VALUE_DIM gates at GATE_START
//   convolution: [CHANNELS, TAPS]
//   recent:      [TAPS − 1, CHANNELS], the last inputs of the convolution; zero before position 0
//   decay_rate, decay_bias: [VALUE_HEADS]
//   norm_weight: [VALUE_DIM]
//   state:       [VALUE_HEADS, KEY_DIM, VALUE_DIM]; zero before position 0
//   out:         [WIDTH], heads side by side; columns behind the last head are zero
// One workgroup per key head takes the value heads that share it, one after the other: nobody else reads or writes their
// channels of `recent`, or their state. Invocation = (part, quad of a value's channels), with PART_CHANNELS of a key in a
// part. A state is read once for Sᵀk and Sᵀq, and once more, from a cache, to change it: registers would not hold it.

override DECAY_START: u32;
override BETA_START: u32;
override GATE_START: u32;
override CHANNELS: u32;
override TAPS: u32;
override PARTS: u32;
override NORM_EPS: f32;

override QUADS: u32 = VALUE_DIM / 4u;
override THREADS: u32 = PARTS * QUADS;
override PART_CHANNELS: u32 = KEY_DIM / PARTS;

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> convolution: array<f32>;
@group(0) @binding(3) var<storage, read_write> recent: array<f32>;
@group(0) @binding(4) var<storage, read> decay_rate: array<f32>;
@group(0) @binding(5) var<storage, read> decay_bias: array<f32>;
@group(0) @binding(6) var<storage, read> norm_weight: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> out: array<vec4f>;

// Behind the convolution: a query and, at KEY_DIM, its key; and a value.
var<workgroup> query_key: array<f32, 2u * KEY_DIM>;
var<workgroup> value: array<f32, VALUE_DIM>;
// Of a part: Sᵀk and Sᵀq of four columns, and k · k, q · q and k · q.
var<workgroup> read_key: array<vec4f, THREADS>;
var<workgroup> read_query: array<vec4f, THREADS>;
var<workgroup> products: array<vec3f, PARTS>;
var<workgroup> squares: array<f32, QUADS>;

fn recent_input(age: u32, channel: u32) -> f32 {
  return select(0.0, recent[age * CHANNELS + channel], step.position > 0u);
}

// A line that mentions {t} stands once per token of `recent`.
fn convolved(channel: u32) -> f32 {
  let input_{t} = recent_input({t}u, channel);
  var sum = convolution[channel * TAPS + TAPS - 1u] * x[channel];
  sum += convolution[channel * TAPS + {t}u] * input_{t};
  return sum * (1.0 / sigmoid_divisor(sum));
}

// Makes room for the newest input of a channel. Behind all that `convolved` reads, which need not wait for it so.
fn remember(channel: u32) {
  let input_{t} = recent_input({t}u, channel);
  if ({t}u > 0u) { recent[{t}u * CHANNELS + channel - CHANNELS] = input_{t}; }
  if (TAPS > 1u) {
    recent[(TAPS - 1u) * CHANNELS + channel - CHANNELS] = x[channel];
  }
}

// Of `query_key`.
fn shared_channel(key_head: u32, i: u32) -> u32 {
  return key_head * KEY_DIM + select(K_START + i - KEY_DIM, i, i < KEY_DIM);
}

fn remembered(i: u32) -> vec4f {
  return select(vec4f(), state[i], step.position > 0u);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  if (step.rows == 0u) {
    return;
  }
  let key_head = workgroup.x;
  let part = thread / QUADS;
  let quad = thread % QUADS;
  let first = part * PART_CHANNELS;
  for (var i = thread; i < 2u * KEY_DIM; i += THREADS) {
    query_key[i] = convolved(shared_channel(key_head, i));
  }

  for (var own = 0u; own < HEADS_PER_KEY_HEAD; own++) {
    let head = key_head * HEADS_PER_KEY_HEAD + own;
    let value_start = V_START + head * VALUE_DIM;
    let state_start = (head * KEY_DIM + first) * QUADS + quad;
    // Loaded here, so that nobody waits for them behind a barrier.
    let alpha = kept(decay_rate[head], x[DECAY_START + head] + decay_bias[head]);
    let strength = 1.0 / sigmoid_divisor(x[BETA_START + head]);
    let gate_start = GATE_START + head * VALUE_DIM + 4u * quad;
    let gate = vec4f(x[gate_start], x[gate_start + 1u], x[gate_start + 2u], x[gate_start + 3u]);
    let weight = norm_weight[quad];
    for (var i = thread; i < VALUE_DIM; i += THREADS) {
      value[i] = convolved(value_start + i);
    }
    workgroupBarrier();

    // Eight quads are loaded at a time (a line that mentions {n} stands eight times), which is one wait for memory instead of
    // eight. So they are below.
    var key_sum = vec4f();
    var query_sum = vec4f();
    var i = 0u;
    for (; i + 7u < PART_CHANNELS; i += 8u) {
      let old_{n} = remembered(state_start + (i + {n}u) * QUADS);
      key_sum += query_key[KEY_DIM + first + i + {n}u] * old_{n};
      query_sum += query_key[first + i + {n}u] * old_{n};
    }
    for (; i < PART_CHANNELS; i++) {
      let old = remembered(state_start + i * QUADS);
      key_sum += query_key[KEY_DIM + first + i] * old;
      query_sum += query_key[first + i] * old;
    }
    read_key[thread] = key_sum;
    read_query[thread] = query_sum;
    if (quad == 0u) {
      var product = vec3f();
      for (var c = first; c < first + PART_CHANNELS; c++) {
        let q = query_key[c];
        let k = query_key[KEY_DIM + c];
        product += vec3f(k * k, q * q, k * q);
      }
      products[part] = product;
    }
    workgroupBarrier();

    var sums = vec3f();
    var column_key = vec4f();
    var column_query = vec4f();
    for (var other = 0u; other < PARTS; other++) {
      sums += products[other];
      column_key += read_key[other * QUADS + quad];
      column_query += read_query[other * QUADS + quad];
    }
    let key_gain = inverseSqrt(sums.x + LENGTH_EPS);
    let query_gain = inverseSqrt(sums.y + LENGTH_EPS) * inverseSqrt(f32(KEY_DIM));
    let token = vec4f(value[4u * quad], value[4u * quad + 1u], value[4u * quad + 2u], value[4u * quad + 3u]);
    let change = strength * (token - alpha * key_gain * column_key);
    let result = query_gain * (alpha * column_query + key_gain * sums.z * change);
    if (part == 0u) {
      squares[quad] = dot(result, result);
    }

    let learned = key_gain * change;
    i = 0u;
    for (; i + 7u < PART_CHANNELS; i += 8u) {
      let old_{n} = remembered(state_start + (i + {n}u) * QUADS);
      state[state_start + (i + {n}u) * QUADS] = alpha * old_{n} + query_key[KEY_DIM + first + i + {n}u] * learned;
    }
    for (; i < PART_CHANNELS; i++) {
      let at = state_start + i * QUADS;
      state[at] = alpha * remembered(at) + query_key[KEY_DIM + first + i] * learned;
    }
    // The next head must not overwrite what is still read, either.
    workgroupBarrier();

    if (part == 0u) {
      var sum = 0.0;
      for (var other = 0u; other < QUADS; other++) {
        sum += squares[other];
      }
      let gain = inverseSqrt(sum / f32(VALUE_DIM) + NORM_EPS);
      out[head * QUADS + quad] = gain * result * weight * (gate * (1.0 / sigmoid_divisors(gate)));
    }
    for (var i = thread; i < VALUE_DIM; i += THREADS) {
      remember(value_start + i);
    }
  }

  for (var i = thread; i < 2u * KEY_DIM; i += THREADS) {
    remember(shared_channel(key_head, i));
  }
  if (key_head == 0u) {
    for (var i = VALUE_HEADS * QUADS + thread; i < WIDTH / 4u; i += THREADS) {
      out[i] = vec4f();
    }
  }
}
