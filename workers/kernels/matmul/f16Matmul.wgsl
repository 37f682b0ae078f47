// Variant f16: activations are staged as halves between −1/4 and 1/4, so that sums of 16 products with codes stay small
// enough to be formed in f16. A quad is staged as its elements 0, 2, 1, 3, the order in which codes are unpacked.
enable f16;

alias Quad = vec4<f16>;
alias Products = vec4<f16>;

const LARGEST_STAGED = 0.25;

fn rounded(values: vec4f) -> Quad {
  return Quad(LARGEST_STAGED * values.xzyw);
}

fn quad_sum(quad: Quad) -> f32 {
  let values = vec4f(quad);
  return (values.x + values.y) + (values.z + values.w);
}

fn weight_quad(tile_base: u32, block: u32, row: u32, quad: u32) -> Quad {
  return half_codes(tile_base, block, row, quad);
}

fn quad_scales(tile_base: u32, block: u32, row: u32) -> vec3f {
  return half_scales(tile_base, block, row);
}

fn products_of(a: Quad, w0: Quad, w1: Quad, w2: Quad, w3: Quad) -> Products {
  return Products(dot(a, w0), dot(a, w1), dot(a, w2), dot(a, w3));
}
