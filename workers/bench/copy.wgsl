// copied = original      one invocation per 16 bytes; workgroups in rows of `num_workgroups.x`
//   original, copied: [units]

@group(0) @binding(0) var<storage, read> original: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4u>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * 256u + local;
  if (i < arrayLength(&copied)) {
    copied[i] = original[i];
  }
}
