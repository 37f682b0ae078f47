import { expect, test } from 'vitest';
import { speechLanguage } from './speechLanguage';

test.each([
  ['The capital is Paris.', 'en'],
  ['首都是巴黎。', 'zh'],
  ['请用 WebGPU 运行 MiniCPM 模型', 'zh'],
  ['In Chinese, apple is 苹果, which is said píngguǒ.', 'en'],
  ['42', 'en'],
])('%s is read in %s', (text, language) => {
  expect(speechLanguage(text)).toBe(language);
});
