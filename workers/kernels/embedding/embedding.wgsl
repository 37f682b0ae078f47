// out[row] = SCALE · table[token_ids[row]]      one invocation per four columns, one grid row per token
//   table: a shard of ROWS rows from ROW_START on; token ids outside it are another shard's
//   out:   [capacity, 4 · WIDTH_QUADS], columns from COLUMNS on are zero

override ROW_START: u32;
override ROWS: u32;
override COLUMNS: u32;
override WIDTH_QUADS: u32;
override TILE_UNITS: u32;
override SCALE: f32;

@group(0) @binding(1) var<storage, read> token_ids: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quad = id.x;
  let row = id.y;
  if (quad >= WIDTH_QUADS || row >= step.rows) {
    return;
  }
  let shard_row = token_ids[row] - ROW_START;
  // Ids below ROW_START wrap around and are refused here too.
  if (shard_row >= ROWS) {
    return;
  }
  let values = SCALE * block_weights((shard_row / 32u) * TILE_UNITS, quad / 8u, shard_row % 32u, quad % 8u);
  let columns = vec4u(4u * quad) + vec4u(0u, 1u, 2u, 3u);
  out[row * WIDTH_QUADS + quad] = select(vec4f(), values, columns < vec4u(COLUMNS));
}
