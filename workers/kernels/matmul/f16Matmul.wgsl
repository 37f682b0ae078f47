// Variant f16: activations are staged as halves between −1/32 and 1/32. 32 of them times the largest half do not overflow, so
// sums over a block are formed in f16. One activation multiplies four weight rows at a time: halves work in pairs.
enable f16;

alias WeightQuads = mat4x4<f16>;
alias Products = vec4<f16>;

const LARGEST_STAGED = 0x1p-5;

// [column of the block, those of a quad in the order 0, 2, 1, 3, in which codes are unpacked][four weight rows]
var<workgroup> staged_weights: array<vec4<f16>, 512>;
// [quad of columns, in the same order][row]
var<workgroup> staged_x: array<vec4<f16>, 512>;

fn stage_weights(tiles: vec2u, block: u32, quad: u32, column: u32) {
  let by_column = transpose(mat4x4<f16>(
    half_codes(tiles.x, block, column, quad), half_codes(tiles.x, block, column + 16u, quad),
    half_codes(tiles.y, block, column, quad), half_codes(tiles.y, block, column + 16u, quad),
  ));
  let i = quad * 64u + column;
  staged_weights[i] = by_column[0];
  staged_weights[i + 16u] = by_column[1];
  staged_weights[i + 32u] = by_column[2];
  staged_weights[i + 48u] = by_column[3];
}

// Values between −1 and 1; returns the sum of what is staged for them.
fn stage_quad(row: u32, quad: u32, values: vec4f) -> f32 {
  let halves = vec4<f16>(LARGEST_STAGED * values.xzyw);
  staged_x[quad * STAGED_ROWS + row] = halves;
  let staged = vec4f(halves);
  return (staged.x + staged.y) + (staged.z + staged.w);
}

fn product_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  return half_scales(tile_base, block, row);
}

fn weight_quads(quad: u32, column: u32) -> WeightQuads {
  let i = quad * 64u + column;
  return WeightQuads(staged_weights[i], staged_weights[i + 16u], staged_weights[i + 32u], staged_weights[i + 48u]);
}

fn x_quad(quad: u32, row: u32) -> vec4<f16> {
  return staged_x[quad * STAGED_ROWS + row];
}

fn add_products(sums: Products, a: vec4<f16>, w: WeightQuads) -> Products {
  return sums + w * a;
}
