// Heads of the gated delta rule (deltaRule.wgsl): beside each other lie the queries of all key heads, from K_START their keys,
// from V_START the values of all value heads, of which HEADS_PER_KEY_HEAD share a key head. What they give fills WIDTH.
override VALUE_HEADS: u32;
override HEADS_PER_KEY_HEAD: u32;
override KEY_DIM: u32;
override VALUE_DIM: u32;
override K_START: u32;
override V_START: u32;
override WIDTH: u32;

// Added to a squared length.
const LENGTH_EPS = 1e-6;

// What is left of a state: exp(decay_rate · softplus(decay)).
fn kept(decay_rate: f32, decay: f32) -> f32 {
  return exp(decay_rate * (max(decay, 0.0) + log(1.0 + exp(-abs(decay)))));
}
