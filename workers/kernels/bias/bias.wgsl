// out = activation(x + bias)      one invocation per four columns, one grid row per token
//   x, out: [rows, 4 · WIDTH_QUADS]
//   bias:   [4 · WIDTH_QUADS]
// ACTIVATION: 0 none; 1 GELU, v · (1 + erf(v / √2)) / 2; 2 its approximation by tanh.

override WIDTH_QUADS: u32;
override ACTIVATION: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

// Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most.
fn erf(v: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.3275911 * abs(v));
  let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(v) * (1.0 - series * exp(-v * v));
}

// tanh of some drivers overflows far from zero, where it is one for long.
fn bounded_tanh(v: vec4f) -> vec4f {
  return tanh(clamp(v, vec4f(-15.0), vec4f(15.0)));
}

fn activated(v: vec4f) -> vec4f {
  if (ACTIVATION == 1u) {
    return 0.5 * v * (1.0 + erf(0.7071067811865476 * v));
  }
  if (ACTIVATION == 2u) {
    return 0.5 * v * (1.0 + bounded_tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
  }
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= WIDTH_QUADS || id.y >= step.rows) {
    return;
  }
  let i = id.y * WIDTH_QUADS + id.x;
  out[i] = activated(x[i] + bias[id.x]);
}
