// Variant f32: all lanes of a slice read the activations at one address.

fn add_tile(sums: ptr<function, Sums>, tile: u32, first_row: u32, thread: u32) {
  add_group(sums, tile, first_row + thread % ROWS, thread / ROWS, 0u, BLOCKS);
}
