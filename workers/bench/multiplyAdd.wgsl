// x = x · a + b, 8 · ITERATIONS times on 8 numbers per invocation: 128 · ITERATIONS floating point operations each, in
// eight independent chains, which is enough to hide their latency and few enough for the registers of any device.
//   out: [invocations], so that nothing of it can be left out

override ITERATIONS: u32;

@group(0) @binding(0) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  // Below one, so that every chain stays finite.
  let a = vec4f(0.3 + 0.05 * f32(id.x & 7u));
  let b = vec4f(0.1 * f32(id.x & 3u));
  var x = vec4f(0.0, 0.25, 0.5, 0.75);
  var y = x + 1.0;
  for (var i = 0u; i < ITERATIONS; i++) {
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
    x = fma(x, a, b);
    y = fma(y, a, b);
  }
  out[id.x] = dot(x + y, vec4f(1.0));
}
