// A workgroup of SLICES · 32 invocations shares one tile of 32 weight rows: invocation = (slice, row). Each slice adds up
// its share of the blocks (weightPart.wgsl), and the first slice receives the sum over all slices.
override BLOCKS: u32;
override WORKGROUP_SIZE: u32;
override SLICES: u32 = WORKGROUP_SIZE / 32u;

var<workgroup> slice_partials: array<vec4f, WORKGROUP_SIZE>;

fn add_slices(partial: vec4f, thread: u32) -> vec4f {
  var sum = partial;
  if (SLICES > 1u) {
    slice_partials[thread] = partial;
    workgroupBarrier();
    if (thread < 32u) {
      for (var other = 1u; other < SLICES; other++) {
        sum += slice_partials[other * 32u + thread];
      }
    }
  }
  return sum;
}
