import type { Page } from '@playwright/test';
import type { EngineOptions, KernelVariant, ModelStats, Quantization, SamplingOptions } from '../src/engine/api';
import { activeKernels, canRun, giveFiles, isSoftwareAdapter } from './enginePage';
import { expect, hasOracle, isThorough, test } from './fixtures';
import {
  expectDrafts,
  expectGreedy,
  firstTokens,
  GREEDY_WAYS,
  mostlyRight,
  WITHOUT_LOOKUP,
  worst,
} from './greedyTokens';
import { filesOf, picturePrompts, type PicturePrompt } from './pictureGoldens';

/** Pictures from the file to the logits: decoded, cut, looked at and spoken about as by the models' authors. */

test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');

/** Floats and a cache that differ from the reference by rounding alone, in standard deviations of the logits. */
const F32_TOLERANCE = 2e-3;

/**
 * Model, goldens, and the folder of its tokenizer for those that bring none. Of two files of one model, which are the same
 * computation as floats, one is computed fused and one as recorded. Further kernel variants compute the other way: all that
 * the device has, or one, where the adapter is software, which takes long to compile them, and no thorough run is asked for.
 */
const MODELS: [
  model: string,
  goldens: string,
  tokenizer: string | null,
  fusion: boolean,
  onSoftware?: KernelVariant,
][] = [
  ['tiny-minicpmv-2', 'bf16', 'v1027', true],
  ['tiny-minicpmv-2', 'gguf-Q4_K_M', null, false, 'registers'],
  ['tiny-minicpmv-1', 'bf16', 'v1027', true, 'subgroups'],
  ['tiny-minicpmv-4.0', 'bf16', 'chatml782', true],
  ['tiny-minicpmv-4.0', 'gguf-Q4_K_M', null, false, 'int8'],
  ['tiny-minicpmv-4.6', 'bf16', 'bytelevel700', true, 'subgroups'],
];

/** Enough to show whether an answer goes on as it should. */
const FEW_TOKENS = 12;

/** Wrong drafts would stay in the states of its layers. */
const WITHOUT_DRAFTS = 'tiny-minicpmv-4.6';

/** How each variant is asked for: with floats where it computes in f32 with these. Tolerances are the oracle's README's. */
const KERNELS: { kernels: KernelVariant; quantization: Quantization; tolerance: number }[] = [
  { kernels: 'subgroups', quantization: 'f32', tolerance: F32_TOLERANCE },
  { kernels: 'registers', quantization: 'f32', tolerance: F32_TOLERANCE },
  { kernels: 'f16', quantization: 'f16', tolerance: 1e-1 },
  { kernels: 'int8', quantization: 'auto', tolerance: 1e-1 },
];

for (const [model, variant, tokenizer, fusion, onSoftware] of MODELS) {
  test(`${model} ${variant} sees the pictures of messages`, async ({ enginePage: page }) => {
    await giveFiles(page, filesOf(model, variant, tokenizer));
    await load(page, 'f32', { limits: 'default', features: [], fusion });
    const prompts = picturePrompts(model, variant);
    let difference = 0;
    for (const prompt of prompts) {
      const where = `prompt ${prompt.index}`;
      const { tokenIds, logits } = await forward(page, prompt);
      const before = await stats(page);
      const greedy = await generate(page, prompt, WITHOUT_LOOKUP);
      expect(tokenIds, where).toEqual(prompt.inputIds);
      difference = worst(logits, prompt.logitsLast);
      expect(difference / prompt.logitsStd, where).toBeLessThan(F32_TOLERANCE);
      expectGreedy(greedy, prompt, difference, where);
      if (!prompt.messages) continue;
      // The picture of the second call is the one of the first.
      const after = await stats(page);
      expect(after.tilesEncoded, where).toBe(before.tilesEncoded);
      expect(after.tilesReused, where).toBeGreaterThan(before.tilesReused);
    }
    // The last one has a picture, and is in the cache.
    const prompt = firstTokens(prompts.at(-1)!, FEW_TOKENS);
    const once = async (sampling: SamplingOptions, name = 'with drafts') => {
      expectGreedy(await generate(page, prompt, sampling), prompt, difference, name);
    };
    for (const { name, sampling } of GREEDY_WAYS) await once(sampling, name);
    if (model !== WITHOUT_DRAFTS) return expectDrafts(page, prompt, once);
    await once(mostlyRight(prompt));
    expect((await stats(page)).draftedTokens).toBe(0);
  });

  test(`${model} ${variant} sees the same with other kernels`, async ({ enginePage: page }) => {
    const isWhole = isThorough || !(await isSoftwareAdapter(page));
    test.skip(!isWhole && !onSoftware, 'on a software adapter only with THOROUGH=true');
    // Of weights that are floats, int8 kernels have no form.
    const wanted = KERNELS.filter(({ kernels }) => isWhole || kernels === onSoftware).filter(
      ({ kernels }) => kernels !== 'int8' || tokenizer === null,
    );
    const runs = await Promise.all(wanted.map(({ kernels }) => canRun(page, kernels)));
    test.skip(!runs.includes(true), 'this adapter runs f32 alone');
    await giveFiles(page, filesOf(model, variant, tokenizer));
    const prompt = firstTokens(
      picturePrompts(model, variant).find(({ messages }) => messages)!,
      FEW_TOKENS,
    );
    for (const { kernels, quantization, tolerance } of wanted.filter((_, i) => runs[i])) {
      await load(page, quantization, { kernels, fusion: !fusion });
      // A single row has no neighbours to share registers with.
      const matvec = kernels === 'registers' ? 'subgroups' : kernels;
      expect(await activeKernels(page)).toEqual(expect.arrayContaining([`matmul ${kernels}`, `matvec ${matvec}`]));
      const difference = worst((await forward(page, prompt)).logits, prompt.logitsLast);
      expect(difference / prompt.logitsStd, kernels).toBeLessThan(tolerance);
      expectGreedy(await generate(page, prompt, WITHOUT_LOOKUP), prompt, difference, kernels);
    }
  });
}

/** Imports `window.files` under one id per quantisation and loads it with an engine of the given options. */
async function load(page: Page, quantization: Quantization, options: EngineOptions): Promise<void> {
  await page.evaluate(
    async ([quantization, options]) => {
      await window.engine?.dispose();
      window.engine = await window.createEngine(options);
      const stored = await window.engine.listModels();
      if (!stored.some((info) => info.id === quantization)) {
        await window.engine.importModel({ kind: 'files', files: window.files }, { id: quantization, quantization });
      }
      window.model = await window.engine.load(quantization, quantization === 'f32' ? { kvCache: 'f32' } : {});
    },
    [quantization, options] as const,
  );
}

function stats(page: Page): Promise<ModelStats> {
  return page.evaluate(() => window.model.stats());
}

function forward(page: Page, { messages, inputIds: tokenIds }: PicturePrompt) {
  return page.evaluate(
    async (input) => {
      const { logits, tokenIds } = await window.model.forward(input);
      return { logits: [...logits], tokenIds };
    },
    messages ? { messages } : { tokenIds },
  );
}

/** The greedy tokens of an answer, as many as the prompt has. */
function generate(
  page: Page,
  { messages, inputIds, greedy }: PicturePrompt,
  sampling: SamplingOptions = {},
): Promise<number[]> {
  return page.evaluate(
    async ({ messages, tokenIds, options }) => {
      const { model } = window;
      const tokens: number[] = [];
      if (messages) {
        const request = { messages, ...options, stream: true, return_token_ids: true } as const;
        const stream = await model.chat.completions.create(request);
        for await (const { choices } of stream) tokens.push(...(choices[0]!.token_ids ?? []));
      } else {
        for await (const { tokenId } of model.generate({ tokenIds }, options)) tokens.push(tokenId);
      }
      return tokens;
    },
    {
      messages,
      tokenIds: inputIds,
      options: {
        temperature: 0,
        repetition_penalty: 1,
        max_tokens: greedy.tokens.length,
        ignore_eos: true,
        ...sampling,
      },
    },
  );
}
