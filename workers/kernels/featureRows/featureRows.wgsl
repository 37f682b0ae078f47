// out[row] = features[token_ids[row] − FIRST_ID]      one invocation per four columns, one grid row per token
//   features: [ROWS, 4 · WIDTH_QUADS]; rows of other tokens are left alone
//   out:      [capacity, 4 · WIDTH_QUADS]

override FIRST_ID: u32;
override ROWS: u32;
override WIDTH_QUADS: u32;

@group(0) @binding(1) var<storage, read> token_ids: array<u32>;
@group(0) @binding(2) var<storage, read> features: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quad = id.x;
  let row = id.y;
  if (quad >= WIDTH_QUADS || row >= step.rows) {
    return;
  }
  // Ids below FIRST_ID wrap around and are passed over, too.
  let feature = token_ids[row] - FIRST_ID;
  if (feature < ROWS) {
    out[row * WIDTH_QUADS + quad] = features[feature * WIDTH_QUADS + quad];
  }
}
