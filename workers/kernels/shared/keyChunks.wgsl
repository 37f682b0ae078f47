// How the keys of a row are shared out (kernels/shared/keyChunks.ts): a chunk is CHUNK_KEYS keys, or as many times that
// as keeps a row to MOST_CHUNKS. Borders depend on nothing but the number of keys that the row sees.

override CHUNK_KEYS: u32;
override MOST_CHUNKS: u32;
// Chunks that the partial results of a row and head have room for.
override PARTIAL_CHUNKS: u32;

fn keys_per_chunk(key_count: u32) -> u32 {
  let most_keys = CHUNK_KEYS * MOST_CHUNKS;
  return CHUNK_KEYS * ((key_count + most_keys - 1u) / most_keys);
}
