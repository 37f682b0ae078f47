// out[row, head] = the value (valueOfLatent.wgsl) of the parts that cachedAttention left of a latent, joined (chunkParts.wgsl)
//   out: [rows, WIDTH], heads of VALUE_DIM side by side
// One workgroup per row and head: invocation = quad joins the latent's parts, then invocation = channel makes the value of it.

override WIDTH: u32;

const WORKGROUP_SIZE = 64u;

@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> latents: array<vec4f, RANK_QUADS>;

fn latent_quad(index: u32) -> vec4f {
  return latents[index];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = workgroup.x;
  let row = workgroup.y;
  if (!has_parts(row)) {
    return;
  }
  for (var quad = thread; quad < RANK_QUADS; quad += WORKGROUP_SIZE) {
    latents[quad] = joined_quad(row, head, ROPE_QUADS + quad);
  }
  workgroupBarrier();
  for (var i = thread; i < VALUE_DIM; i += WORKGROUP_SIZE) {
    out[row * WIDTH + head * VALUE_DIM + i] = value_of_latent(0u, head, i);
  }
}
