import type { RopeConfig } from '../checkpoint/modelConfig';

/**
 * cos and sin of every rotary angle, f32 [positions, headDim / 2, 2] (RoPE, Su et al. 2021; LongRoPE, Ding et al. 2024,
 * as in MiniCPM's modeling_minicpm.py): angle(t, j) = t · theta^(−2j / headDim) / factors[j], times the gain.
 *
 * Frequencies and angles are rounded to f32 as the models were trained with; sin and cos are taken here because WGSL's
 * are not accurate for large angles.
 */
export function ropeTable(rope: RopeConfig, headDim: number, positions: number): Float32Array<ArrayBuffer> {
  const half = headDim / 2;
  const inverseFrequency = Float32Array.from(
    { length: half },
    (_, j) => rope.theta ** ((-2 * j) / headDim) / (rope.factors?.[j] ?? 1),
  );
  const table = new Float32Array(positions * headDim);
  for (let position = 0; position < positions; position++) {
    for (let j = 0; j < half; j++) {
      const angle = Math.fround(position * inverseFrequency[j]!);
      table[position * headDim + 2 * j] = Math.cos(angle) * rope.gain;
      table[position * headDim + 2 * j + 1] = Math.sin(angle) * rope.gain;
    }
  }
  return table;
}
