// Variant subgroups: four neighbouring invocations multiply the same activations. Each loads a quarter of them and hands it
// to the others, which works in subgroups of any size.
enable subgroups;

fn add_block(sums: ptr<function, Sums>, block: u32, thread: u32, row: u32) {
  for (var half = 0u; half < 2u; half++) {
    let k = block * 8u + half * 4u + thread % 4u;
    let x_{m} = x[row_start(row + {m}u) + k];
    let w0 = unpacked_quad(half * 4u, thread);
    (*sums).row_{m} += quadBroadcast(x_{m}, 0u) * w0;
    let w1 = unpacked_quad(half * 4u + 1u, thread);
    (*sums).row_{m} += quadBroadcast(x_{m}, 1u) * w1;
    let w2 = unpacked_quad(half * 4u + 2u, thread);
    (*sums).row_{m} += quadBroadcast(x_{m}, 2u) * w2;
    let w3 = unpacked_quad(half * 4u + 3u, thread);
    (*sums).row_{m} += quadBroadcast(x_{m}, 3u) * w3;
  }
}
