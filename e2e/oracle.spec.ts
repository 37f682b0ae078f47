import type { Page } from '@playwright/test';
import type { EngineOptions, KernelVariant, Quantization, SamplingOptions } from '../src/engine/api';
import { expect, hasOracle, isThorough, test } from './fixtures';
import { activeKernels, canRun, giveFiles } from './enginePage';
import { goldenVariants, type GoldenPrompt, type GoldenVariant } from './goldens';
import { expectDrafts, expectGreedy, firstTokens, GREEDY_WAYS, WITHOUT_LOOKUP, worst } from './greedyTokens';

/** Largest |logit − golden| in units of the largest |golden|: f32 weights and cache differ by rounding alone. */
const F32_TOLERANCE = 1e-3;
/** The same in units of the logits' standard deviation, for f16 scales and cache: the oracle's README. */
const F16_TOLERANCE = 2e-2;

const PLAINEST: EngineOptions = { limits: 'default', features: [] };

test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');

const variants = goldenVariants();

/** One file of each model, a quantised one where there is one: what is computed depends on shapes and weight formats. */
const computed = variants.filter(({ kind }) => kind === 'safetensors' || kind === 'gguf');
const onePerModel = new Map(
  computed
    .toSorted((a, b) => Number(a.isQuantized) - Number(b.isQuantized))
    .map((variant) => [variant.name.split(' ')[0], variant]),
);
const isOnePerModel = (variant: GoldenVariant) => [...onePerModel.values()].includes(variant);

/** Files with weights in the formats that those have not: affine ones, of 4 and of 8 bits. */
const affine = ['gguf-Q4_1', 'gguf-Q5_K_M'].map((type) => computed.find(({ name }) => name.endsWith(type)));

/** As floats, and with weights as the file has them. */
function everyQuantization({ isQuantized }: GoldenVariant): Quantization[] {
  return isQuantized ? ['f32', 'auto'] : ['f32'];
}

/**
 * One file of each model as floats, which as it is answers in every way below; of others, those whose weights are packed
 * otherwise, as they are.
 */
function quantizationsOnGpu(variant: GoldenVariant): Quantization[] {
  if (isOnePerModel(variant)) return isThorough ? everyQuantization(variant) : ['f32'];
  return affine.includes(variant) || (isThorough && variant.isQuantized) ? ['auto'] : [];
}

for (const variant of variants) {
  test(`${variant.name} gives the reference's logits and greedy tokens`, async ({ enginePage: page }, { project }) => {
    const isOnCpu = project.name === 'no-webgpu';
    const quantizations = isOnCpu ? everyQuantization(variant) : quantizationsOnGpu(variant);
    // Each token takes a software adapter a while, and other files of a model differ in how they hold its weights alone: of
    // these the first prompt is answered to the end.
    const isBrief = !isOnCpu && !isOnePerModel(variant);
    const prompts = variant.prompts.map((prompt, i) => (isBrief && i > 0 ? firstTokens(prompt, 1) : prompt));
    test.skip(quantizations.length === 0, 'packed so, the model is computed from another of its files');
    await giveFiles(page, variant.files);
    for (const quantization of quantizations) {
      await loadGivenFiles(page, quantization, PLAINEST);
      for (const prompt of prompts) {
        await expectAnswer(page, prompt, quantization, quantization);
      }
    }
  });
}

interface Way {
  name: string;
  /** Loads the model anew, with weights as the file has them or as floats. */
  load?: [Quantization, EngineOptions];
  sampling?: SamplingOptions;
  hasDrafts?: boolean;
  /** Answers every prompt, not only the last one. */
  hasAllPrompts?: boolean;
}
/** Every way to the same tokens, after the ordinary one. */
const WAYS: Way[] = [
  { name: 'as it comes', load: ['auto', {}], hasAllPrompts: true },
  ...GREEDY_WAYS,
  { name: 'with drafts', hasDrafts: true },
  { name: 'without fusion', load: ['f32', { fusion: false }] },
];

for (const variant of onePerModel.values()) {
  test(`${variant.name} gives the same greedy tokens in every way`, async ({ enginePage: page }, { project }) => {
    test.skip(project.name === 'no-webgpu', 'the CPU backend has one way');
    await giveFiles(page, variant.files);
    const prompt = variant.prompts.at(-1)!;
    let quantization: Quantization = 'auto';
    let first: number[] | null = null;
    for (const { name, load, sampling = {}, hasDrafts, hasAllPrompts = false } of WAYS) {
      if (load) {
        // 'auto' would pack floats.
        quantization = variant.isQuantized ? load[0] : 'f32';
        first = null;
        await loadGivenFiles(page, quantization, load[1]);
        const { weightBytesPerToken, packedBytes } = await page.evaluate(async () => ({
          ...(await window.model.stats()),
          packedBytes: window.model.info.bytes,
        }));
        expect(weightBytesPerToken, `${name}, of ${packedBytes} packed`).toBeLessThanOrEqual(1.02 * packedBytes);
      }
      if (hasAllPrompts) for (const each of variant.prompts) await expectAnswer(page, each, quantization, name);
      const once = async (sampling: SamplingOptions) => {
        const greedy = await expectAnswer(page, { ...prompt, logitsAll: null }, quantization, name, sampling);
        // A model that is loaded once computes the same bits in every way.
        first ??= greedy;
        expect(greedy, name).toEqual(first);
      };
      if (hasDrafts) await expectDrafts(page, prompt, once);
      else await once(sampling);
    }
  });
}

/** Kernel variants to ask for, with tolerances in standard deviations of the logits: the oracle's README. */
const KERNELS: { kernels: KernelVariant; tolerance: number }[] = [
  { kernels: 'subgroups', tolerance: F16_TOLERANCE },
  { kernels: 'registers', tolerance: F16_TOLERANCE },
  { kernels: 'f16', tolerance: 1e-1 },
  { kernels: 'int8', tolerance: F16_TOLERANCE },
];

for (const variant of onePerModel.values()) {
  const name = `${variant.name} gives the reference's logits with every kernel variant`;
  test(name, async ({ enginePage: page }, { project }) => {
    test.skip(project.name === 'no-webgpu', 'the CPU backend has no kernel variants');
    // Of weights that are floats, int8 kernels have no form.
    const wanted = KERNELS.filter(({ kernels }) => variant.isQuantized || kernels !== 'int8');
    // Few software adapters have f16.
    const runs = await Promise.all(wanted.map(({ kernels }) => canRun(page, kernels)));
    test.skip(!runs.includes(true), 'this adapter runs f32 alone');
    await giveFiles(page, variant.files);
    // One token, which is decoded with those that follow it, and many, which are prefilled.
    const prompts = [variant.prompts[0]!, firstTokens(variant.prompts.at(-1)!, 1)];
    for (const { kernels, tolerance } of wanted.filter((_, i) => runs[i])) {
      await loadGivenFiles(page, variant.isQuantized ? 'auto' : 'f16', { kernels });
      // A single row has no neighbours to share registers with.
      const matvec = kernels === 'registers' ? 'subgroups' : kernels;
      expect(await activeKernels(page)).toEqual(expect.arrayContaining([`matmul ${kernels}`, `matvec ${matvec}`]));
      for (const prompt of prompts) {
        const { greedy, logitsLast } = await answer(page, { ...prompt, logitsAll: null }, WITHOUT_LOOKUP);
        const limit = tolerance * prompt.logitsStd;
        expect(worst(logitsLast, prompt.logitsLast), `${kernels}, prompt ${prompt.index}`).toBeLessThan(limit);
        expectGreedy(greedy, prompt, worst(logitsLast, prompt.logitsLast), kernels);
      }
    }
  });
}

/** Imports `window.files` under one id per quantisation and loads it with an engine of the given options. */
async function loadGivenFiles(page: Page, quantization: Quantization, options: EngineOptions): Promise<void> {
  await page.evaluate(
    async ([quantization, options]) => {
      await window.engine?.dispose();
      window.engine = await window.createEngine(options);
      const stored = await window.engine.listModels();
      if (!stored.some((info) => info.id === quantization)) {
        await window.engine.importModel({ kind: 'files', files: window.files }, { id: quantization, quantization });
      }
      window.model = await window.engine.load(quantization);
    },
    [quantization, options] as const,
  );
}

interface Answer {
  logitsLast: number[];
  logitsAll: number[] | null;
  greedy: number[];
}

function answer(page: Page, prompt: GoldenPrompt, sampling: SamplingOptions = {}): Promise<Answer> {
  return page.evaluate(
    async ({ tokenIds, steps, wantsAll, sampling }) => {
      const { model } = window;
      const greedy: number[] = [];
      const options = { temperature: 0, max_tokens: steps, ignore_eos: true, repetition_penalty: 1, ...sampling };
      for await (const { tokenId } of model.generate({ tokenIds }, options)) greedy.push(tokenId);
      const last = await model.forward({ tokenIds });
      const all = wantsAll ? await model.forward({ tokenIds }, { positions: 'all' }) : null;
      return { logitsLast: [...last.logits], logitsAll: all && [...all.logits], greedy };
    },
    {
      tokenIds: prompt.inputIds,
      steps: prompt.greedy.tokens.length,
      wantsAll: prompt.logitsAll !== null,
      sampling,
    },
  );
}

/** Has the page's model answer a prompt, and compares logits and tokens with the reference's. Returns the tokens. */
async function expectAnswer(
  page: Page,
  prompt: GoldenPrompt,
  quantization: Quantization,
  name: string,
  sampling: SamplingOptions = WITHOUT_LOOKUP,
): Promise<number[]> {
  const where = `${name}, prompt ${prompt.index}`;
  const { greedy, logitsLast, logitsAll } = await answer(page, prompt, sampling);
  expectLogits(logitsLast, prompt.logitsLast, prompt, quantization, where);
  if (prompt.logitsAll) expectLogits(logitsAll!, prompt.logitsAll, prompt, quantization, `${where}, all`);
  expectGreedy(greedy, prompt, worst(logitsLast, prompt.logitsLast), where);
  return greedy;
}

function expectLogits(
  got: number[],
  want: Float32Array,
  prompt: GoldenPrompt,
  quantization: Quantization,
  where: string,
): void {
  expect(got.length, where).toBe(want.length);
  const limit = quantization === 'f32' ? F32_TOLERANCE * prompt.logitsMaxAbs : F16_TOLERANCE * prompt.logitsStd;
  expect(worst(got, want), where).toBeLessThan(limit);
}
