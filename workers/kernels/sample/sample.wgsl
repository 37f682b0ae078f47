// sampled = the next token; token_ids[0] = it; next_step.position += 1; history counts it
//   next_step, token_ids: what the next step will read
//   penalized:            [VOCAB], segments: [SEGMENTS] (penalize.wgsl)
//   history:              [VOCAB] (shared/sampling.wgsl)
//   sampled:              NO_TOKEN where some logit is NaN or +Infinity, or none is finite
// Greedy, or a draw among the tokens that top-k, top-p and min-p keep, in that order, with the meaning that transformers
// gives them. All three keep the tokens whose logit is at least some threshold, so the cuts only raise one. The draw is
// the Gumbel-max trick (Gumbel 1954; Maddison et al. 2014, arXiv:1411.0030): the largest logit / temperature + noise, where
// the noise of a token depends on seed, position and token alone. One workgroup; segments without a kept token are skipped.

override VOCAB: u32;
override SEGMENTS: u32;

const WORKGROUP_SIZE = 256u;
// Probability 1 in the fixed point that masses are added up in: integer sums do not depend on their order.
const ONE = 1073741824.0;

@group(0) @binding(0) var<storage, read_write> next_step: Step;
@group(0) @binding(1) var<uniform> sampling: Sampling;
@group(0) @binding(2) var<storage, read> penalized: array<f32>;
@group(0) @binding(3) var<storage, read> segments: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> history: array<u32>;
@group(0) @binding(5) var<storage, read_write> token_ids: array<u32>;
@group(0) @binding(6) var<storage, read_write> sampled: array<u32>;

// Of each segment: what they are kept or skipped by, again and again.
var<workgroup> segment_largest: array<f32, SEGMENTS>;
var<workgroup> floats: array<f32, WORKGROUP_SIZE>;
var<workgroup> words: array<u32, WORKGROUP_SIZE>;
var<workgroup> histogram: array<atomic<u32>, 256>;

struct Step {
  position: u32,
  rows: u32,
}

// An order of all floats as unsigned integers.
fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn exponent(value: f32, highest: f32) -> f32 {
  return max(value - highest, -1.0e30) / sampling.temperature;
}

// The largest value of all invocations. Every invocation receives it. As with the two functions that follow, nobody may
// have to read what an earlier one left.
fn largest_of_all(value: f32, thread: u32) -> f32 {
  floats[thread] = value;
  workgroupBarrier();
  if (thread < 16u) {
    for (var other = thread; other < WORKGROUP_SIZE; other += 16u) {
      floats[thread] = max(floats[thread], floats[other]);
    }
  }
  workgroupBarrier();
  var largest = floats[0];
  for (var i = 1u; i < 16u; i++) {
    largest = max(largest, floats[i]);
  }
  return largest;
}

fn sum_of_all(value: f32, thread: u32) -> f32 {
  floats[thread] = value;
  workgroupBarrier();
  if (thread < 16u) {
    var sum = 0.0;
    for (var other = thread; other < WORKGROUP_SIZE; other += 16u) {
      sum += floats[other];
    }
    floats[thread] = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < 16u; i++) {
    total += floats[i];
  }
  return total;
}

fn smallest_of_all(value: u32, thread: u32) -> u32 {
  words[thread] = value;
  workgroupBarrier();
  if (thread < 16u) {
    for (var other = thread; other < WORKGROUP_SIZE; other += 16u) {
      words[thread] = min(words[thread], words[other]);
    }
  }
  workgroupBarrier();
  var smallest = words[0];
  for (var i = 1u; i < 16u; i++) {
    smallest = min(smallest, words[i]);
  }
  return smallest;
}

// What `narrow` measures by: the number of values, or their probability times ONE.
struct Measure {
  is_mass: bool,
  highest: f32,
  // ONE / Σ exp(exponent)
  mass_scale: f32,
}

fn measure_of(measure: Measure, value: f32) -> u32 {
  if (measure.is_mass) {
    return u32(round(exp(exponent(value, measure.highest)) * measure.mass_scale));
  }
  return 1u;
}

// Adds a value to the histogram of the eight bits of its key from `shift` on, if the bits above are those of `prefix`.
fn count(measure: Measure, value: f32, least_key: u32, prefix: u32, shift: u32) {
  let key = key_of(value);
  // A shift by 32 would be a shift by 0.
  if (key >= least_key && ((key >> shift) >> 8u) == ((prefix >> shift) >> 8u)) {
    atomicAdd(&histogram[(key >> shift) & 255u], measure_of(measure, value));
  }
}

// The largest key such that the values at it and above measure at least `goal`; 0 where all of them do not. Radix select,
// of the segments' largest values or of all tokens; none below `least_key` is looked at.
fn narrow(measure: Measure, of_segments: bool, least_key: u32, goal: u32, thread: u32) -> u32 {
  var prefix = 0u;
  var rest = goal;
  for (var digit = 0u; digit < 4u; digit++) {
    let shift = 24u - 8u * digit;
    atomicStore(&histogram[thread], 0u);
    workgroupBarrier();
    if (of_segments) {
      for (var segment = thread; segment < SEGMENTS; segment += WORKGROUP_SIZE) {
        count(measure, segment_largest[segment], least_key, prefix, shift);
      }
    } else {
      for (var segment = 0u; segment < SEGMENTS; segment++) {
        if (key_of(segment_largest[segment]) < max(least_key, prefix)) {
          continue;
        }
        let end = min(VOCAB, (segment + 1u) * SEGMENT_TOKENS);
        for (var token = segment * SEGMENT_TOKENS + thread; token < end; token += WORKGROUP_SIZE) {
          count(measure, penalized[token], least_key, prefix, shift);
        }
      }
    }
    workgroupBarrier();
    if (thread < 16u) {
      var sum = 0u;
      for (var i = 0u; i < 16u; i++) {
        sum += atomicLoad(&histogram[16u * thread + i]);
      }
      words[thread] = sum;
    }
    workgroupBarrier();
    // From the top down, first by groups of 16 bins: every invocation finds the same bin.
    var group = 15u;
    while (group > 0u && rest > words[group]) {
      rest -= words[group];
      group--;
    }
    var bin = 16u * group + 15u;
    while (bin > 16u * group && rest > atomicLoad(&histogram[bin])) {
      rest -= atomicLoad(&histogram[bin]);
      bin--;
    }
    prefix |= bin << shift;
    workgroupBarrier();
  }
  return prefix;
}

// Σ exp(exponent) over the tokens with keys of `least_key` and above.
fn weight_from(least_key: u32, highest: f32, thread: u32) -> f32 {
  var sum = 0.0;
  if (least_key == 0u) {
    for (var segment = thread; segment < SEGMENTS; segment += WORKGROUP_SIZE) {
      sum += segments[segment].y * exp(exponent(segment_largest[segment], highest));
    }
  } else {
    for (var segment = 0u; segment < SEGMENTS; segment++) {
      if (key_of(segment_largest[segment]) < least_key) {
        continue;
      }
      let end = min(VOCAB, (segment + 1u) * SEGMENT_TOKENS);
      for (var token = segment * SEGMENT_TOKENS + thread; token < end; token += WORKGROUP_SIZE) {
        sum += select(0.0, exp(exponent(penalized[token], highest)), key_of(penalized[token]) >= least_key);
      }
    }
  }
  workgroupBarrier();
  return sum_of_all(sum, thread);
}

// The key of the least logit that top-k, top-p and min-p keep.
fn least_kept_key(highest: f32, thread: u32) -> u32 {
  var least_key = 0u;
  var bound = 0u;
  var measure = Measure(false, highest, 0.0);
  var goal = sampling.top_k;
  // Top-k, then top-p, each by the segments' largest values first: what measures enough among them does so among all, and
  // bounds the search. One loop, because what is called is compiled once per call.
  for (var cut = 0u; cut < 4u; cut++) {
    let cuts_mass = cut >= 2u;
    let of_segments = cut % 2u == 0u;
    if (select(sampling.top_k == 0u || sampling.top_k >= VOCAB, sampling.top_p >= 1.0, cuts_mass)) {
      continue;
    }
    if (cut == 2u) {
      measure = Measure(true, highest, ONE / weight_from(least_key, highest, thread));
      goal = max(1u, u32(sampling.top_p * ONE));
    }
    let found = max(least_key, narrow(measure, of_segments, select(bound, least_key, of_segments), goal, thread));
    if (of_segments) {
      bound = found;
    } else {
      least_key = found;
    }
  }
  if (sampling.min_p > 0.0) {
    least_key = max(least_key, key_of(highest + sampling.temperature * log(sampling.min_p)));
  }
  // Rounding must not lose the most probable token.
  return min(least_key, key_of(highest));
}

// PCG3D (Jarzynski and Olano 2020, "Hash Functions for GPU Rendering").
fn pcg3d(input: vec3u) -> vec3u {
  var v = input * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return v;
}

// -ln(-ln(1 - v)) for v uniform in (0, 1).
fn gumbel(random: u32) -> f32 {
  let v = (f32(random >> 9u) + 0.5) * 0x1p-23;
  // WGSL's logarithm has an absolute error near 1: a series is used there.
  let series = v * (1.0 + v * (1.0 / 2.0 + v * (1.0 / 3.0 + v * (1.0 / 4.0 + v * (1.0 / 5.0 + v / 6.0)))));
  return -log(select(-log(1.0 - v), series, v < 0.0625));
}

// The first token with the largest logit.
fn first_largest(highest: f32, thread: u32) -> u32 {
  var segment = 0u;
  while (segment + 1u < SEGMENTS && segment_largest[segment] < highest) {
    segment++;
  }
  var first = NO_TOKEN;
  let end = min(VOCAB, (segment + 1u) * SEGMENT_TOKENS);
  for (var token = segment * SEGMENT_TOKENS + thread; token < end; token += WORKGROUP_SIZE) {
    if (penalized[token] == highest) {
      first = min(first, token);
    }
  }
  return smallest_of_all(first, thread);
}

// The token whose logit with noise is the largest of those kept; the first of equals.
fn draw(highest: f32, least_key: u32, thread: u32) -> u32 {
  let noise_seed = pcg3d(vec3u(sampling.seed_low, sampling.seed_high, next_step.position));
  var best = LOWEST;
  var best_token = NO_TOKEN;
  for (var segment = 0u; segment < SEGMENTS; segment++) {
    if (key_of(segment_largest[segment]) < least_key) {
      continue;
    }
    let end = min(VOCAB, (segment + 1u) * SEGMENT_TOKENS);
    for (var token = segment * SEGMENT_TOKENS + thread; token < end; token += WORKGROUP_SIZE) {
      let value = penalized[token];
      if (key_of(value) < least_key) {
        continue;
      }
      let score = exponent(value, highest) + gumbel(pcg3d(vec3u(noise_seed.xy, noise_seed.z ^ token)).x);
      if (score > best) {
        best = score;
        best_token = token;
      }
    }
  }
  workgroupBarrier();
  let largest = largest_of_all(best, thread);
  return smallest_of_all(select(NO_TOKEN, best_token, best == largest), thread);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) thread: u32) {
  var own_highest = LOWEST;
  for (var segment = thread; segment < SEGMENTS; segment += WORKGROUP_SIZE) {
    let largest = segments[segment].x;
    segment_largest[segment] = largest;
    own_highest = max(own_highest, largest);
  }
  let highest = largest_of_all(own_highest, thread);
  var token = NO_TOKEN;
  if (sampling.temperature == 0.0) {
    token = first_largest(highest, thread);
  } else {
    token = draw(highest, least_kept_key(highest, thread), thread);
  }
  if (thread > 0u) {
    return;
  }
  if (token == NO_TOKEN || highest == BAD || highest <= LOWEST) {
    sampled[0] = NO_TOKEN;
    return;
  }
  sampled[0] = token;
  token_ids[0] = token;
  history[token] = (history[token] + 1u) | SEEN;
  next_step.position += 1u;
}
