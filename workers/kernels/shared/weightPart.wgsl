
// What a slice of the workgroup adds up for one row of tile `tile`: the blocks slice, slice + SLICES, …
override TILE_UNITS: u32;

fn slice_partial(tile: u32, row: u32, slice: u32) -> vec2f {
  let tile_base = tile * TILE_UNITS;
  var partial = vec2f();
  for (var block = slice; block < BLOCKS; block += SLICES) {
    let i = block * 8u;
    partial += block_dot(
      tile_base, block, row,
      x[i], x[i + 1u], x[i + 2u], x[i + 3u], x[i + 4u], x[i + 5u], x[i + 6u], x[i + 7u],
    );
  }
  return partial;
}

fn finished(tile: u32, row: u32, partial: vec2f) -> f32 {
  return row_value(tile * TILE_UNITS, row, partial);
}
