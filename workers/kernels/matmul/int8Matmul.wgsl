// Variant int8: activations are staged as signed bytes, the largest of a row's block as ±127, and multiplied with codes as
// integers, exactly.

alias WeightQuads = vec4u;
alias Products = vec4i;

const LARGEST_STAGED = 127.0;

// [quad of columns][four weight rows]
var<workgroup> staged_weights: array<vec4u, 128>;
// [quad of columns][row]
var<workgroup> staged_x: array<u32, 512>;

fn stage_weights(tiles: vec2u, block: u32, quad: u32, column: u32) {
  staged_weights[quad * 16u + column] = vec4u(
    block_codes(tiles.x, block, column, quad), block_codes(tiles.x, block, column + 16u, quad),
    block_codes(tiles.y, block, column, quad), block_codes(tiles.y, block, column + 16u, quad),
  );
}

// Values between −1 and 1; returns the sum of what is staged for them.
fn stage_quad(row: u32, quad: u32, values: vec4f) -> f32 {
  let bytes = pack4x8snorm(values);
  staged_x[quad * STAGED_ROWS + row] = bytes;
  return f32(dot4I8Packed(bytes, 0x01010101u));
}

fn product_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  return block_scales(tile_base, block, row);
}

fn weight_quads(quad: u32, column: u32) -> WeightQuads {
  return staged_weights[quad * 16u + column];
}

fn x_quad(quad: u32, row: u32) -> u32 {
  return staged_x[quad * STAGED_ROWS + row];
}

fn add_products(sums: Products, a: u32, w: WeightQuads) -> Products {
  return sums + vec4i(dot4I8Packed(a, w.x), dot4I8Packed(a, w.y), dot4I8Packed(a, w.z), dot4I8Packed(a, w.w));
}
