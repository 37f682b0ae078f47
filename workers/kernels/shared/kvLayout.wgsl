// Where the quads of the KV cache stand (kernels/shared/kvCache.ts).

override NUM_KV_HEADS: u32;
override CAPACITY: u32;
override HEAD_DIM: u32;
override QUADS: u32 = (HEAD_DIM + 3u) / 4u;

const KEY_TILE = 32u;
override HEAD_ROWS: u32 = (CAPACITY + KEY_TILE - 1u) / KEY_TILE * KEY_TILE;

fn key_index(head: u32, position: u32, quad: u32) -> u32 {
  return ((head * HEAD_ROWS + position) / KEY_TILE * QUADS + quad) * KEY_TILE + position % KEY_TILE;
}

fn value_index(head: u32, position: u32, quad: u32) -> u32 {
  return (head * HEAD_ROWS + position) * QUADS + quad;
}

fn scale_index(head: u32, position: u32) -> u32 {
  return NUM_KV_HEADS * HEAD_ROWS * QUADS + head * HEAD_ROWS + position;
}
