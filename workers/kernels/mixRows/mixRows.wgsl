// out[m] = Σ_k mix[m, k] · table[k]      one invocation per four columns, one grid row per row of out
//   mix:   [capacity, MIX_WIDTH], ROWS of them used
//   table: tiles of a packed matrix (quant/layout.ts), [ROWS, COLUMNS]
//   out:   [capacity, 4 · WIDTH_QUADS], columns from COLUMNS on are zero
// Interpolation weighs a few rows of the table for each row: the others are passed over, by a whole workgroup at once.

override ROWS: u32;
override COLUMNS: u32;
override MIX_WIDTH: u32;
override WIDTH_QUADS: u32;
override TILE_UNITS: u32;

@group(0) @binding(1) var<storage, read> mix_weights: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quad = id.x;
  let row = id.y;
  if (quad >= WIDTH_QUADS || row >= step.rows) {
    return;
  }
  var sum = vec4f();
  for (var k = 0u; k < ROWS; k++) {
    let weight = mix_weights[row * MIX_WIDTH + k];
    if (weight != 0.0) {
      sum += weight * block_weights((k / 32u) * TILE_UNITS, quad / 8u, k % 32u, quad % 8u);
    }
  }
  let columns = vec4u(4u * quad) + vec4u(0u, 1u, 2u, 3u);
  out[row * WIDTH_QUADS + quad] = select(vec4f(), sum, columns < vec4u(COLUMNS));
}
