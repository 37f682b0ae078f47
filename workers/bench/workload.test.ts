import { expect, test } from 'vitest';
import { SHAPES } from './shapes';
import { cacheBytesRead, decodeOperations, parameters, prefillOperations } from './workload';

test('shapes have as many parameters as the models they are named after', () => {
  expect(parameters(SHAPES['2B'].config)).toBe(2_724_880_896);
  expect(parameters(SHAPES['1B'].config)).toBe(1_080_632_832);
  expect(parameters(SHAPES.nano.config)).toBe(1_906_752);
});

test('a prompt costs what its tokens cost one by one, but for the heads that nobody asks for', () => {
  const { config } = SHAPES['1B'];
  let operations = 0;
  for (let keys = 1; keys <= 10; keys++) operations += decodeOperations(config, keys);
  const heads = 9 * 2 * config.vocabSize * config.hiddenSize;
  expect(prefillOperations(config, 10)).toBe(operations - heads);
});

test('MiniCPM-2B reads 368,640 bytes of cache per token in it', () => {
  expect(cacheBytesRead(SHAPES['2B'].config, 'f16', 1000)).toBe(368_640_000);
});
