import { expect, test } from 'vitest';
import { repeatLines } from './repeatLines';

const repeated = (text: string, counts: Record<string, number>) => repeatLines({ file: 'f', text }, counts).text;

test('copies stay on the line of the one that they repeat', () => {
  const text = 'let a = 1;\n  let x_{m} = {m}u;\n  sums.row_{m} += x_{m};\n';
  expect(repeated(text, { m: 1 })).toBe('let a = 1;\n  let x_0 = 0u;\n  sums.row_0 += x_0;\n');
  const lines = repeated(text, { m: 5 }).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[2]).toMatch(/sums\.row_3 \+= x_3; +sums\.row_4 \+= x_4;$/);
});

test('a line with several names stands once for all their combinations', () => {
  expect(repeated('s_{m}_{n} += l_{m} * r_{n};', { m: 2, n: 2 })).toBe(
    's_0_0 += l_0 * r_0; s_0_1 += l_0 * r_1; s_1_0 += l_1 * r_0; s_1_1 += l_1 * r_1;',
  );
});

test('a count of none leaves an empty line; comments and names without a count stay as they are', () => {
  expect(repeated('a_{t};\n// of each {t}\nb_{other};', { t: 0 })).toBe('\n// of each {t}\nb_{other};');
});
