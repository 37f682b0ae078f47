import 'fake-indexeddb/auto';
import { describe, expect, test, vi } from 'vitest';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { goldenFile, hasOracle, oracleFile, oracleFiles, tokenizerFiles } from '../testing/oracle';
import { inputOf } from '../testing/picturePrompt';
import { loadModel } from './loadModel';

/** Whole models in f16, from their files to an answer: the software adapter of browsers has no f16. */

// Node has no decoder for pictures.
vi.mock('../image/decode', () => import('../testing/picturePrompt'));

/** By the name of their goldens, those of GGUF files after what their weights are quantised to. */
const MODELS: [model: string, goldens: string, tokenizer?: string][] = [
  ['tiny-minicpm5', 'gguf-Q4_0'],
  ['tiny-minicpmv-2', 'gguf-Q4_K_M'],
  ['tiny-minicpm-2b', 'gguf-Q4_K_M'],
  ['tiny-minicpm-1b', 'gguf-Q4_K_M'],
  ['tiny-minicpm3', 'gguf-Q4_0'],
  ['tiny-minicpm4', 'gptq-int4-g128'],
  ['tiny-minicpm4-extended', 'bf16'],
  ['tiny-minicpmv-1', 'bf16', 'v1027'],
  ['tiny-minicpmv-2', 'bf16', 'v1027'],
  ['tiny-minicpmv-4.0', 'bf16', 'chatml782'],
  ['tiny-minicpmv-4.0', 'gguf-Q4_K_M'],
  ['tiny-minicpmv-4.6', 'bf16', 'bytelevel700'],
];

/** A driver that compiles with LLVM takes half a minute for one, and two for one with eyes. */
const WANTED = process.env.THOROUGH === 'true' ? MODELS : MODELS.slice(0, 1);

/** Enough to show whether an answer goes on as it should. */
const FEW_TOKENS = 12;

/** Of a logit, in standard deviations of the logits: the oracle's README. */
const TOLERANCE = 1e-1;

function filesOf(model: string, goldens: string, tokenizer?: string): File[] {
  if (goldens.startsWith('gptq')) return oracleFiles(`${model}/${goldens}`);
  if (goldens === 'bf16') {
    return [...oracleFiles(`${model}/safetensors-bf16`), ...(tokenizer ? tokenizerFiles(tokenizer) : [])];
  }
  const weights = oracleFile(`${model}/gguf/${model}.${goldens.slice('gguf-'.length)}.gguf`);
  const eyes = `${model}/gguf/mmproj-${model}-f16.gguf`;
  return model.includes('minicpmv') ? [weights, oracleFile(eyes)] : [weights];
}

describe.skipIf(!hasOracle)('in f16', { timeout: 300_000 }, () => {
  test.each(WANTED)('%s %s', async (model, goldens, tokenizer) => {
    const database = newDatabase();
    const quantization = goldens === 'bf16' ? 'f16' : 'auto';
    const { id } = await importModel(filesOf(model, goldens, tokenizer), { database, quantization });
    const { signal } = new AbortController();
    const options = { backend: 'webgpu', kernels: 'f16' } as const;
    const session = await loadModel(new WeightStore(database), options, id, {}, () => undefined, signal);
    const active = session.kernelReports.filter(({ state }) => state === 'active');
    expect(active.map(({ name }) => name)).toEqual(expect.arrayContaining(['matmul f16', 'matvec f16']));

    const { prompts, tensor } = goldenFile(model, goldens);
    const prompt = prompts.find(({ image, images }) => image ?? images) ?? prompts.at(-1)!;
    const input = inputOf(model, prompt);
    const { logits, tokenIds } = await session.forward(input, 'last');
    expect(tokenIds).toEqual(prompt.input_ids);
    const want = tensor(`p${prompt.index}.logits_last`)!.values;
    const difference = want.reduce((most, logit, i) => Math.max(most, Math.abs(logits[i]! - logit)), 0);
    expect(difference / prompt.logits_std).toBeLessThan(TOLERANCE);

    const tokens: number[] = [];
    const greedy = { temperature: 0, repetition_penalty: 1, ignore_eos: true, max_tokens: FEW_TOKENS };
    const sampling = { ...greedy, prompt_lookup: false };
    await session.generate(input, sampling, ({ tokenId }) => tokens.push(tokenId), signal);
    // A near-tie may go either way.
    const margins = prompt.greedy.margin_top1_top2.slice(0, FEW_TOKENS);
    const nearTie = margins.findIndex((margin) => margin < 2 * difference);
    const steps = nearTie < 0 ? FEW_TOKENS : nearTie;
    expect(tokens.slice(0, steps)).toEqual(prompt.greedy.tokens.slice(0, steps));
    await session.dispose();
  });
});
