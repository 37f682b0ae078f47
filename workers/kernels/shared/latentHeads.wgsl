// Sizes of the heads of latent attention (latentHeads.ts), where quads are of channels: a head of a query as it is made, as it meets
// keys, and of a value.

override RANK_QUADS: u32;
override ROPE_QUADS: u32;
override CONTENT_DIM: u32;
override VALUE_DIM: u32;
override HEAD_QUADS: u32 = ROPE_QUADS + RANK_QUADS;
override QUERY_DIM: u32 = CONTENT_DIM + 4u * ROPE_QUADS;
// Of `kvB`, of one head.
override KV_B_ROWS: u32 = CONTENT_DIM + VALUE_DIM;
