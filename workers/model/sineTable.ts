import type { PatchGrid } from './interpolation';

/**
 * Two-dimensional sines and cosines of each patch of a grid, f32 [patches, width] (resampler.py,
 * get_2d_sincos_pos_embed): the first half of `channels` is the column's, the second the row's, and each half is
 * sin(p · ω) and then cos(p · ω) for ω_i = 10000^(−i / (channels / 4)). Zero behind the last channel.
 */
export function sineTable({ rows, columns }: PatchGrid, channels: number, width: number): Float32Array<ArrayBuffer> {
  const half = channels / 2;
  const [vertical, horizontal] = [sines(rows, half), sines(columns, half)];
  const table = new Float32Array(rows * columns * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (row * columns + column) * width;
      table.set(horizontal.subarray(column * half, (column + 1) * half), start);
      table.set(vertical.subarray(row * half, (row + 1) * half), start + half);
    }
  }
  return table;
}

/** [count, channels] */
function sines(count: number, channels: number): Float32Array {
  const half = channels / 2;
  const table = new Float32Array(count * channels);
  for (let position = 0; position < count; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * 10_000 ** (-i / half);
      table[position * channels + i] = Math.sin(angle);
      table[position * channels + half + i] = Math.cos(angle);
    }
  }
  return table;
}
