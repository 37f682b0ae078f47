import type { WgslSource } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { BYTES } from './bytes';
import f16 from './f16.wgsl?raw';
import f32 from './f32.wgsl?raw';
import int4 from './int4.wgsl?raw';
import int4Affine from './int4Affine.wgsl?raw';
import int8 from './int8.wgsl?raw';
import int8Affine from './int8Affine.wgsl?raw';

/**
 * How a kernel reads packed weights (quant/layout.ts) from its binding `weights: array<vec4u>`. `tile_base` is the first
 * unit of a tile, `row` the row inside it. Each format defines:
 *
 * - `block_weights(tile_base, block, row, quad) -> vec4f`: the weights of columns 4 · quad to 4 · quad + 3 of the block;
 *
 * and formats of codes also:
 *
 * - `block_codes(tile_base, block, row, quad) -> u32`: the codes of these four columns, a byte each;
 * - `block_scales(tile_base, block, row) -> vec3f`: {scale of columns 0–15, scale of columns 16–31, offset} of the block;
 * - `BLOCK_SCALES`: 2 where the two scales differ, else 1;
 * - `SIGNED_CODES`: whether codes are bytes from −128 to 127, else nibbles from 0 to 15.
 */
export const WEIGHT_FORMATS: Record<MatrixFormat, readonly WgslSource[]> = {
  int4: [{ file: 'int4.wgsl', text: int4 }, BYTES],
  'int4-affine': [{ file: 'int4Affine.wgsl', text: int4Affine }, BYTES],
  int8: [{ file: 'int8.wgsl', text: int8 }, BYTES],
  'int8-affine': [{ file: 'int8Affine.wgsl', text: int8Affine }, BYTES],
  f16: [{ file: 'f16.wgsl', text: f16 }],
  f32: [{ file: 'f32.wgsl', text: f32 }],
};
