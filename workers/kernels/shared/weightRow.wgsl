// Weights of columns 4 · quad to 4 · quad + 3 of a row of a packed matrix (weightFormats.ts).

override TILE_UNITS: u32;

fn row_weights(row: u32, quad: u32) -> vec4f {
  return block_weights((row / 32u) * TILE_UNITS, quad / 8u, row % 32u, quad % 8u);
}
