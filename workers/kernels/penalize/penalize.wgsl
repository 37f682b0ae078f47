// penalized[row, n] = logits[row, n] with the penalties on tokens that the history holds
// segments[row, s] = (largest of the segment's penalized logits, Σ exp((penalized − largest) / temperature) over it;
//                    0 where the choice is greedy)
//   logits, penalized: [rows, WIDTH], VOCAB of each in use
//   history:           [VOCAB], see shared/sampling.wgsl
//   segments:          [rows, SEGMENTS]; a largest logit of BAD tells of NaN or +Infinity
// Order and meaning are those of transformers: repetition penalty (Keskar et al. 2019, arXiv:1909.05858), then OpenAI's
// presence and frequency penalties. One workgroup per segment of SEGMENT_TOKENS tokens and row, two tokens each.

override VOCAB: u32;
override WIDTH: u32;
override SEGMENTS: u32;

const WORKGROUP_SIZE = 256u;

@group(0) @binding(1) var<uniform> sampling: Sampling;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> history: array<u32>;
@group(0) @binding(4) var<storage, read_write> penalized: array<f32>;
@group(0) @binding(5) var<storage, read_write> segments: array<vec2f>;

var<workgroup> largest: array<f32, WORKGROUP_SIZE>;
var<workgroup> sums: array<f32, WORKGROUP_SIZE>;

fn penalty(logit: f32, past: u32) -> f32 {
  var result = logit;
  if (past >= SEEN) {
    result = select(logit * sampling.repetition_penalty, logit / sampling.repetition_penalty, logit > 0.0);
    let count = past & ~SEEN;
    if (count > 0u) {
      result -= sampling.presence_penalty + sampling.frequency_penalty * f32(count);
    }
  }
  return result;
}

// Writes the token's penalized logit and returns it, or BAD for one that is no number.
fn penalize(row: u32, token: u32) -> f32 {
  if (token >= VOCAB) {
    return LOWEST;
  }
  let logit = logits[row * WIDTH + token];
  let bits = bitcast<u32>(logit);
  let is_finite = (bits & 0x7F800000u) != 0x7F800000u;
  let result = select(LOWEST, penalty(logit, history[token]), is_finite);
  penalized[row * WIDTH + token] = result;
  return select(result, BAD, !is_finite && bits != 0xFF800000u);
}

fn weight(value: f32, segment_largest: f32, token: u32) -> f32 {
  if (token >= VOCAB) {
    return 0.0;
  }
  return exp(max(value - segment_largest, -1.0e30) / sampling.temperature);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.y;
  if (row >= step.rows) {
    return;
  }
  let first = workgroup.x * SEGMENT_TOKENS + thread;
  let second = first + WORKGROUP_SIZE;
  let a = penalize(row, first);
  let b = penalize(row, second);
  largest[thread] = max(a, b);
  workgroupBarrier();
  if (thread < 16u) {
    for (var other = thread; other < WORKGROUP_SIZE; other += 16u) {
      largest[thread] = max(largest[thread], largest[other]);
    }
  }
  workgroupBarrier();
  var segment_largest = largest[0];
  for (var other = 1u; other < 16u; other++) {
    segment_largest = max(segment_largest, largest[other]);
  }
  var sum = 0.0;
  if (sampling.temperature > 0.0) {
    sums[thread] = weight(a, segment_largest, first) + weight(b, segment_largest, second);
    workgroupBarrier();
    if (thread < 16u) {
      for (var other = thread + 16u; other < WORKGROUP_SIZE; other += 16u) {
        sums[thread] += sums[other];
      }
    }
    workgroupBarrier();
    for (var other = 0u; other < 16u; other++) {
      sum += sums[other];
    }
  }
  if (thread == 0u) {
    segments[row * SEGMENTS + workgroup.x] = vec2f(segment_largest, sum);
  }
}
