// Variant int8: activations are staged as numbers of sixteen bits in two bytes (splitBytes.wgsl), the largest of a row's
// block as LARGEST_SPLIT, and multiplied with codes as integers, exactly.

alias WeightQuads = vec4u;
alias Products = vec4i;

const LARGEST_STAGED = LARGEST_SPLIT;

// [quad of columns][four weight rows]
var<workgroup> staged_weights: array<vec4u, 128>;
// [quad of columns][row]
var<workgroup> staged_x: array<vec2u, 512>;

fn stage_weights(tiles: vec2u, block: u32, quad: u32, column: u32) {
  staged_weights[quad * 16u + column] = vec4u(
    block_codes(tiles.x, block, column, quad), block_codes(tiles.x, block, column + 16u, quad),
    block_codes(tiles.y, block, column, quad), block_codes(tiles.y, block, column + 16u, quad),
  );
}

// Values between −1 and 1; returns the sum of what is staged for them.
fn stage_quad(row: u32, quad: u32, values: vec4f) -> f32 {
  let bytes = split_bytes(values);
  staged_x[quad * STAGED_ROWS + row] = bytes;
  return f32(split_dot(bytes, 0x01010101u));
}

fn product_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  return block_scales(tile_base, block, row);
}

fn weight_quads(quad: u32, column: u32) -> WeightQuads {
  return staged_weights[quad * 16u + column];
}

fn x_quad(quad: u32, row: u32) -> vec2u {
  return staged_x[quad * STAGED_ROWS + row];
}

fn add_products(sums: Products, a: vec2u, w: WeightQuads) -> Products {
  return sums + vec4i(split_dot(a, w.x), split_dot(a, w.y), split_dot(a, w.z), split_dot(a, w.w));
}
