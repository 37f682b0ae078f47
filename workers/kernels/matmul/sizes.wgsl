// Sizes of a product: a uniform, so that one pipeline serves all matrices of a weight format. Binding 4.

struct Sizes {
  // Of a row of weights, and of a row of x.
  blocks: u32,
  // Tiles of the shard, and what each takes in units of 16 bytes.
  tiles: u32,
  tile_units: u32,
  // Where the shard's first row stands in a row of `out`, which is so wide.
  out_start: u32,
  out_width: u32,
}

@group(0) @binding(4) var<uniform> sizes: Sizes;
