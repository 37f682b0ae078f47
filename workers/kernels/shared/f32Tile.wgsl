// Variant f32: all lanes of a slice read the activations at one address.

fn add_tile(sums: ptr<function, Sums>, tile: u32, thread: u32) {
  add_group(sums, tile, thread % 32u, thread / 32u, 0u, BLOCKS);
}
