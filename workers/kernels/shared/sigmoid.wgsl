// σ(v) is 1 / sigmoid_divisor(v), and silu(v) is v / sigmoid_divisor(v). Bounded, because a shader may assume that nothing is
// infinite; e⁸⁰ leaves nothing of what it divides.

fn sigmoid_divisor(v: f32) -> f32 {
  return 1.0 + exp(min(-v, 80.0));
}

fn sigmoid_divisors(v: vec4f) -> vec4f {
  return 1.0 + exp(min(-v, vec4f(80.0)));
}
