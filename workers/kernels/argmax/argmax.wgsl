// best[row] = the first token with the largest logit of its row, NO_TOKEN where that is no number
//   penalized: [rows, WIDTH], segments: [rows, SEGMENTS] (penalize.wgsl)
// One workgroup per row. Greedy choice for several rows at once, to check drafted tokens.

override VOCAB: u32;
override WIDTH: u32;
override SEGMENTS: u32;

const WORKGROUP_SIZE = 64u;

@group(0) @binding(1) var<storage, read> penalized: array<f32>;
@group(0) @binding(2) var<storage, read> segments: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> best: array<u32>;

var<workgroup> largest: array<f32, WORKGROUP_SIZE>;
var<workgroup> first: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  if (row >= step.rows) {
    return;
  }
  // The first segment with the largest logit.
  var own_largest = LOWEST;
  var own_segment = SEGMENTS;
  for (var segment = thread; segment < SEGMENTS; segment += WORKGROUP_SIZE) {
    let value = segments[row * SEGMENTS + segment].x;
    if (value > own_largest) {
      own_largest = value;
      own_segment = segment;
    }
  }
  largest[thread] = own_largest;
  first[thread] = own_segment;
  workgroupBarrier();
  var highest = largest[0];
  var segment = first[0];
  for (var other = 1u; other < WORKGROUP_SIZE; other++) {
    if (largest[other] > highest || (largest[other] == highest && first[other] < segment)) {
      highest = largest[other];
      segment = first[other];
    }
  }
  workgroupBarrier();
  // The first token in it.
  var own_token = NO_TOKEN;
  let end = min(VOCAB, (segment + 1u) * SEGMENT_TOKENS);
  for (var token = segment * SEGMENT_TOKENS + thread; token < end; token += WORKGROUP_SIZE) {
    if (penalized[row * WIDTH + token] == highest && own_token == NO_TOKEN) {
      own_token = token;
    }
  }
  first[thread] = own_token;
  workgroupBarrier();
  if (thread == 0u) {
    var token = NO_TOKEN;
    for (var other = 0u; other < WORKGROUP_SIZE; other++) {
      token = min(token, first[other]);
    }
    best[row] = select(token, NO_TOKEN, highest == BAD);
  }
}
