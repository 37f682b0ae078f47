import type { ModelConfig } from '../checkpoint/modelConfig';

/** MiniCPM4 is MiniCPM with LongRoPE; MiniCPM5 is a plain Llama that only its name gives away. */
export function modelFamily({ architecture, rope, vision }: ModelConfig, name: string): string {
  if (vision) return 'MiniCPM-V';
  if (architecture === 'qwen3.5') return 'Qwen3.5';
  if (architecture === 'minicpm3') return 'MiniCPM3';
  if (architecture === 'minicpm') return rope.factors ? 'MiniCPM4' : 'MiniCPM';
  return /minicpm-?5/i.test(name) ? 'MiniCPM5' : 'Llama';
}
