// Variants f16 and int8: the workgroup rounds the activations of CHUNK blocks at a time and stages them in workgroup
// memory, each block with a scale of its own, so that no size of activation overflows and an outlier costs only its block.
override CHUNK: u32;
override STAGED: u32 = BATCH * CHUNK;

// Of block b of the chunk and activation row m, at m · CHUNK + b: {scale, scale · Σ of the staged numbers}.
var<workgroup> staged_scales: array<vec2f, STAGED>;

fn add_tile(sums: ptr<function, Sums>, tile: u32, first_row: u32, thread: u32) {
  for (var first = 0u; first < BLOCKS; first += CHUNK) {
    let end = min(first + CHUNK, BLOCKS);
    stage_chunk(first, end - first, thread);
    workgroupBarrier();
    add_group(sums, tile, first_row + thread % ROWS, thread / ROWS, first, end);
    workgroupBarrier();
  }
}

fn stage_chunk(first: u32, count: u32, thread: u32) {
  for (var i = thread; i < used_rows() * count; i += WORKGROUP_SIZE) {
    let m = i / count;
    let block = i % count;
    let quad = (m * BLOCKS + first + block) * 8u;
    let at = m * CHUNK + block;
    let largest = largest_of(
      max(max(abs(x[quad]), abs(x[quad + 1u])), max(abs(x[quad + 2u]), abs(x[quad + 3u]))),
      max(max(abs(x[quad + 4u]), abs(x[quad + 5u])), max(abs(x[quad + 6u]), abs(x[quad + 7u]))),
    );
    // The inverse of anything smaller might overflow.
    let inverse = select(0.0, 1.0 / largest, largest > 0x1p-100);
    staged_scales[at] = largest * stage_block(at, quad, inverse);
  }
}

fn largest_of(a: vec4f, b: vec4f) -> f32 {
  let larger = max(a, b);
  return max(max(larger.x, larger.y), max(larger.z, larger.w));
}
