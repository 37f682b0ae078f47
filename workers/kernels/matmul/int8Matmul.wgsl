// Variant int8: activations are staged as signed bytes, the largest of a row's block as ±127, and multiplied with codes as
// integers, exactly.

alias Quad = u32;
alias Products = vec4i;

const LARGEST_STAGED = 127.0;

fn rounded(values: vec4f) -> Quad {
  return pack4x8snorm(values);
}

fn quad_sum(quad: Quad) -> f32 {
  return f32(dot4I8Packed(quad, 0x01010101u));
}

fn weight_quad(tile_base: u32, block: u32, row: u32, quad: u32) -> Quad {
  return block_codes(tile_base, block, row, quad);
}

fn quad_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  return block_scales(tile_base, block, row);
}

fn products_of(a: Quad, w0: Quad, w1: Quad, w2: Quad, w3: Quad) -> Products {
  return Products(dot4I8Packed(a, w0), dot4I8Packed(a, w1), dot4I8Packed(a, w2), dot4I8Packed(a, w3));
}
