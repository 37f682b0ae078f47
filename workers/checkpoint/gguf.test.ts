import { expect, test } from 'vitest';
import { ggufFile } from '../testing/ggufFile';
import { ggufTensors, tinyGgufMetadata } from '../testing/tinyCheckpoint';
import { readGgufHeader } from './gguf';

const TOKENS = 150_000;

test('a header with a large vocabulary is read in pieces, without the weights, in a moment', async () => {
  const tokens = ['\uFEFF', ...Array.from({ length: TOKENS }, (_, i) => `▁token${i}`)];
  const scores = Array.from({ length: TOKENS }, (_, i) => -i);
  const merges = tokens.map((token, i) => `${token} ${i}`);
  const metadata = {
    'tokenizer.ggml.tokens': { strings: tokens },
    'tokenizer.ggml.scores': { f32s: scores },
    'tokenizer.ggml.merges': { strings: merges },
    ...tinyGgufMetadata(),
    'general.file_type': { u32: 0 },
    'tokenizer.ggml.add_bos_token': { bool: true },
  };
  const file = ggufFile(metadata, ggufTensors());
  let bytesRead = 0;
  const read = async (offset: number, length: number) => {
    bytesRead += length;
    return file.slice(offset, offset + length);
  };
  const start = performance.now();
  const header = await readGgufHeader(read, file.length, 'large.gguf');
  expect(performance.now() - start).toBeLessThan(2000);
  expect(header.metadata.get('tokenizer.ggml.tokens')).toEqual(tokens);
  expect(header.metadata.get('tokenizer.ggml.scores')).toEqual(scores);
  expect(header.metadata.get('tokenizer.ggml.merges')).toEqual(merges);
  expect(header.metadata.get('tokenizer.ggml.add_bos_token')).toBe(true);
  expect(header.metadata.get('minicpm.attention.layer_norm_rms_epsilon')).toBe(Math.fround(1e-5));
  const [first] = header.tensors;
  expect(first).toMatchObject({ name: 'token_embd.weight', shape: [275, 64], bytes: 275 * 64 * 4 });
  expect(bytesRead).toBeLessThanOrEqual(first!.offset + 256 * 1024);
});
