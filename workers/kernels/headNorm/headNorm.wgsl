// out[row, head] = h / √(mean(h²) + EPS) · weight for h = x[row, head]      one workgroup per head and row
//   x:      [rows, X_WIDTH], heads of HEAD_DIM, each STRIDE columns behind the one before
//   weight: [HEAD_DIM], the same for every head
//   out:    [rows, WIDTH], heads side by side; columns behind the last head, less than a workgroup, are zero

override NUM_HEADS: u32;
override HEAD_DIM: u32;
override STRIDE: u32;
override X_WIDTH: u32;
override WIDTH: u32;
override EPS: f32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

var<workgroup> partials: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let row = workgroup.y;
  if (row >= step.rows) {
    return;
  }
  let head_start = row * X_WIDTH + head * STRIDE;
  var partial = 0.0;
  for (var i = thread; i < HEAD_DIM; i += WORKGROUP_SIZE) {
    let value = x[head_start + i];
    partial += value * value;
  }
  partials[thread] = partial;
  workgroupBarrier();

  var sum = 0.0;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    sum += partials[i];
  }
  let gain = inverseSqrt(sum / f32(HEAD_DIM) + EPS);
  let out_start = row * WIDTH + head * HEAD_DIM;
  for (var i = thread; i < HEAD_DIM; i += WORKGROUP_SIZE) {
    out[out_start + i] = gain * x[head_start + i] * weight[i];
  }
  let padding = NUM_HEADS * HEAD_DIM + thread;
  if (head == 0u && padding < WIDTH) {
    out[row * WIDTH + padding] = 0.0;
  }
}
