import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEMO } from './demo';

const NANO = 'public/models/nano';

/** Parameters in a safetensors file: its header is JSON behind an 8-byte length. */
function parametersIn(path: string): number {
  const file = readFileSync(path);
  const header = file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString();
  const entries = Object.entries(JSON.parse(header) as Record<string, { shape: number[] }>);
  const shapes = entries.filter(([name]) => name !== '__metadata__').map(([, { shape }]) => shape);
  return shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

test('the demo is as large as the page says', () => {
  expect(parametersIn(`${NANO}/model.safetensors`)).toBe(DEMO.parameters);
});

test('the demo has the licence that the page says', () => {
  expect(readFileSync(`${NANO}/README.md`, 'utf8')).toContain(DEMO.licence);
});
