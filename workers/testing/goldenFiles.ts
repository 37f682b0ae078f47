import { readFileSync } from 'node:fs';
import { ORACLE } from './oracle';

/** A golden output of float32, row-major. */
export interface GoldenTensor {
  shape: number[];
  values: Float32Array;
}

/** The golden outputs of a model of the oracle: what its .json says, and the tensors of the .safetensors beside it. */
export function goldenFiles<Json>(model: string, variant: string): { json: Json; tensors: Map<string, GoldenTensor> } {
  const path = `${ORACLE}/${model}/goldens/${variant}`;
  const json = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Json;
  const file = readFileSync(`${path}.safetensors`);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, headerEnd)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (dtype !== 'F32') continue;
    const bytes = Uint8Array.from(file.subarray(headerEnd + data_offsets[0], headerEnd + data_offsets[1]));
    tensors.set(name, { shape, values: new Float32Array(bytes.buffer) });
  }
  return { json, tensors };
}
