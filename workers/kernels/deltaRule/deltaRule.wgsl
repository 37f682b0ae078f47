// The gated delta rule (Yang et al. 2024, "Gated Delta Networks"). For each row and value head, with the key head's query
// and key at length one, the query divided by √KEY_DIM:
//   S ← α S + k ⊗ β (v − α Sᵀ k)      α = exp(decay_rate · softplus(decay + decay_bias)), β = σ(beta)
//   out = Sᵀ q
//   qkv:         [rows, QKV_WIDTH], as deltaHeads.wgsl has it
//   decay, beta: [rows, GATE_WIDTH], a number for each value head
//   decay_rate, decay_bias: [VALUE_HEADS]
//   state:       S of each value head, [VALUE_HEADS, KEY_DIM, VALUE_DIM]; zero before position 0
//   out:         [rows, WIDTH], heads side by side; columns behind the last head are zero
// Columns of S need nothing of each other. A workgroup keeps COLUMNS of them and goes through the rows; PARTS invocations
// share a column, and each alone reads and writes its PART_CHANNELS of it. Sᵀk and Sᵀq are both taken of the old S:
//   out = α Sᵀq + (k · q) β (v − α Sᵀk)

override QKV_WIDTH: u32;
override GATE_WIDTH: u32;
override COLUMNS: u32;
override PARTS: u32;
override PART_CHANNELS: u32;

override THREADS: u32 = COLUMNS * PARTS;

@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> decay: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read> decay_rate: array<f32>;
@group(0) @binding(5) var<storage, read> decay_bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

// Channel i of a part: invocation by invocation side by side.
var<workgroup> columns: array<f32, PART_CHANNELS * THREADS>;
var<workgroup> query: array<f32, PARTS * PART_CHANNELS>;
var<workgroup> key: array<f32, PARTS * PART_CHANNELS>;
// Of a part: Sᵀk and Sᵀq of its column, k · k, and q · q and k · q.
var<workgroup> read_key: array<f32, THREADS>;
var<workgroup> read_query: array<f32, THREADS>;
var<workgroup> products: array<vec3f, PARTS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.y;
  let key_head = head / HEADS_PER_KEY_HEAD;
  let part = thread / COLUMNS;
  let own = thread % COLUMNS;
  let column = workgroup.x * COLUMNS + own;
  let first = part * PART_CHANNELS;
  let is_inside = column < VALUE_DIM;

  for (var i = 0u; i < PART_CHANNELS; i++) {
    var value = 0.0;
    if (step.position > 0u && is_inside && first + i < KEY_DIM) {
      value = state[(head * KEY_DIM + first + i) * VALUE_DIM + column];
    }
    columns[i * THREADS + thread] = value;
  }

  for (var row = 0u; row < step.rows; row++) {
    let row_start = row * QKV_WIDTH;
    for (var i = thread; i < PARTS * PART_CHANNELS; i += THREADS) {
      var q = 0.0;
      var k = 0.0;
      if (i < KEY_DIM) {
        q = qkv[row_start + key_head * KEY_DIM + i];
        k = qkv[row_start + K_START + key_head * KEY_DIM + i];
      }
      query[i] = q;
      key[i] = k;
    }
    workgroupBarrier();

    var key_sum = 0.0;
    var query_sum = 0.0;
    for (var i = 0u; i < PART_CHANNELS; i++) {
      let value = columns[i * THREADS + thread];
      key_sum += key[first + i] * value;
      query_sum += query[first + i] * value;
    }
    read_key[thread] = key_sum;
    read_query[thread] = query_sum;
    if (own == 0u) {
      var product = vec3f();
      for (var i = 0u; i < PART_CHANNELS; i++) {
        let q = query[first + i];
        let k = key[first + i];
        product += vec3f(k * k, q * q, k * q);
      }
      products[part] = product;
    }
    workgroupBarrier();

    var sums = vec3f();
    var column_key = 0.0;
    var column_query = 0.0;
    for (var other = 0u; other < PARTS; other++) {
      sums += products[other];
      column_key += read_key[other * COLUMNS + own];
      column_query += read_query[other * COLUMNS + own];
    }
    let key_gain = inverseSqrt(sums.x + LENGTH_EPS);
    let query_gain = inverseSqrt(sums.y + LENGTH_EPS) * inverseSqrt(f32(KEY_DIM));
    let gate = row * GATE_WIDTH + head;
    let alpha = kept(decay_rate[head], decay[gate] + decay_bias[head]);
    let strength = 1.0 / sigmoid_divisor(beta[gate]);
    var value = 0.0;
    if (is_inside) {
      value = qkv[row_start + V_START + head * VALUE_DIM + column];
    }
    let change = strength * (value - alpha * key_gain * column_key);
    for (var i = 0u; i < PART_CHANNELS; i++) {
      let at = i * THREADS + thread;
      columns[at] = alpha * columns[at] + key_gain * key[first + i] * change;
    }
    if (part == 0u && is_inside) {
      let result = query_gain * (alpha * column_query + key_gain * sums.z * change);
      out[row * WIDTH + head * VALUE_DIM + column] = result;
    }
    let padding = VALUE_HEADS * VALUE_DIM + thread;
    if (workgroup.x == 0u && head == 0u && padding < WIDTH) {
      out[row * WIDTH + padding] = 0.0;
    }
    // The next row must not overwrite what is still read.
    workgroupBarrier();
  }

  for (var i = 0u; i < PART_CHANNELS; i++) {
    if (is_inside && first + i < KEY_DIM) {
      state[(head * KEY_DIM + first + i) * VALUE_DIM + column] = columns[i * THREADS + thread];
    }
  }
}
