// How the next token is chosen (sampling.ts), and what penalize, sample and argmax share.

struct Sampling {
  // 0 is greedy.
  temperature: f32,
  top_p: f32,
  min_p: f32,
  repetition_penalty: f32,
  presence_penalty: f32,
  frequency_penalty: f32,
  // 0 keeps all.
  top_k: u32,
  seed_low: u32,
  seed_high: u32,
}

const SEGMENT_TOKENS = 512u;
// In the history of a token: it stands in the prompt or was generated. The lower bits count how often it was generated.
const SEEN = 0x80000000u;
// In place of a logit of -Infinity, and of tokens beyond the vocabulary: a shader may assume that nothing is infinite.
const LOWEST = -3.0e38;
// The largest "logit" of a segment with NaN or +Infinity in it.
const BAD = 3.4e38;
const NO_TOKEN = 0xFFFFFFFFu;
