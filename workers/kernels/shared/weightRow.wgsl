// Weights of columns 32 · block + 4 · quad and the three behind it, of a row of a packed matrix (weightFormats.ts). Where it can be
// told before, the quad is a constant: compilers then pick it out of what they load for all quads of a block.

override TILE_UNITS: u32;

fn row_weights(row: u32, block: u32, quad: u32) -> vec4f {
  return block_weights((row / 32u) * TILE_UNITS, block, row % 32u, quad);
}
