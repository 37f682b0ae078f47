// Variant subgroups: four neighbouring invocations multiply the same activations. Each loads a quarter of them and hands it
// to the others, which works in subgroups of any size.
enable subgroups;

fn add_block(sums: ptr<function, Sums>, block: u32, thread: u32, rows: vec4u) {
  let column = thread % 8u;
  for (var half = 0u; half < 2u; half++) {
    let k = block * 8u + half * 4u + thread % 4u;
    let a = x[rows.x + k];
    let b = x[rows.y + k];
    let c = x[rows.z + k];
    let d = x[rows.w + k];
    let at = half * 128u + column;
    add_quad(sums, at, quadBroadcast(a, 0u), quadBroadcast(b, 0u), quadBroadcast(c, 0u), quadBroadcast(d, 0u));
    add_quad(sums, at + 32u, quadBroadcast(a, 1u), quadBroadcast(b, 1u), quadBroadcast(c, 1u), quadBroadcast(d, 1u));
    add_quad(sums, at + 64u, quadBroadcast(a, 2u), quadBroadcast(b, 2u), quadBroadcast(c, 2u), quadBroadcast(d, 2u));
    add_quad(sums, at + 96u, quadBroadcast(a, 3u), quadBroadcast(b, 3u), quadBroadcast(c, 3u), quadBroadcast(d, 3u));
  }
}
