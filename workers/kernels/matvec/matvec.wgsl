// out[OUT_START + n] = Σ_k weights[n, k] · x[k]      one workgroup per tile of 32 weight rows
//   weights: TILES tiles of a packed matrix (quant/layout.ts), BLOCKS blocks each; rows of padding are zero
//   x:       [32 · BLOCKS]
// Invocation = row of the tile. The blocks are dealt out to slices of 32 invocations, so that a slice reads one block's
// codes as one contiguous run and its activations at one address; one sum over the slices ends it.

override TILES: u32;
override BLOCKS: u32;
override TILE_UNITS: u32;
override OUT_START: u32;
override WORKGROUP_SIZE: u32;
override SLICES: u32 = WORKGROUP_SIZE / 32u;

@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

var<workgroup> partials: array<vec2f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = workgroup.y * grid.x + workgroup.x;
  if (tile >= TILES) {
    return;
  }
  let tile_base = tile * TILE_UNITS;
  let row = thread % 32u;
  let slice = thread / 32u;
  var partial = vec2f();
  for (var block = slice; block < BLOCKS; block += SLICES) {
    let i = block * 8u;
    partial += block_dot(
      tile_base, block, row,
      x[i], x[i + 1u], x[i + 2u], x[i + 3u], x[i + 4u], x[i + 5u], x[i + 6u], x[i + 7u],
    );
  }
  if (SLICES > 1u) {
    partials[thread] = partial;
    workgroupBarrier();
    if (slice > 0u) {
      return;
    }
    for (var other = 1u; other < SLICES; other++) {
      partial += partials[other * 32u + row];
    }
  }
  out[OUT_START + tile * 32u + row] = row_value(tile_base, row, partial);
}
