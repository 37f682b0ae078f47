import { expect, test } from 'vitest';
import { samplingFromJson } from '../../workers/checkpoint/sampling';
import { checkpointSizes, releasedVision, type CheckpointKind } from '../../workers/testing/checkpointSizes';
import type { Text, Variant, VariantKind } from './entry';
import { LICENCES } from './licences';
import { CATALOGUE } from './models';

const variants = CATALOGUE.flatMap((model) => model.variants.map((variant) => ({ model, variant })));

const KINDS: Record<VariantKind, CheckpointKind> = {
  floats: 'bf16',
  'trained-floats': 'bf16',
  'llama-floats': 'bf16',
  gptq: 'gptq',
  'gguf-4': 'Q4_K_M',
  'gguf-8': 'Q8_0',
};

/** Scales that are folded into the weights need a head of their own. */
const shapeOf = ({ model, variant }: (typeof variants)[number]) => ({
  ...model.shape,
  ...(variant.kind === 'llama-floats' && { tieWordEmbeddings: false }),
  ...(model.vision && { vision: releasedVision(model.vision) }),
});

test.each(variants)('$variant.id takes what the importer plans', ({ model, variant }) => {
  // The checkpoint that two descriptions contradict each other about is listed with the larger of two sizes.
  const kind = variant.note ? 'gptq-act-order' : KINDS[variant.kind];
  const sizes = checkpointSizes(shapeOf({ model, variant }), kind);
  expect(variant.downloadBytes).toBe(sizes.sourceBytes);
  expect(variant.storedBytes).toBe(sizes.packedBytes);
  if (variant.kind !== 'llama-floats') expect(model.parameters).toBe(sizes.parameters);
});

/** Sizes of files as their pages state them, in bytes. GGUF files also hold the tokenizer. */
const PUBLISHED: Record<string, number> = {
  'minicpm5-2b-q4': 1.56e9,
  'minicpm5-1b-q4': 688.07e6,
  'minicpm5-1b-q8': 1.1 * 2 ** 30,
  'minicpm5-1b-floats': 2_161_290_912,
  'minicpm4-0.5b-floats': 868e6,
  'minicpm3-4b-q4': 2.47e9,
  'minicpm3-4b-floats': 8.15e9,
  'minicpm-2b-dpo-q4': 1.802e9,
  'minicpm-2b-sft-q4': 1.802e9,
  'minicpm-2b-dpo-floats': 5_449_761_792,
  'minicpm-2b-sft-floats': 5_449_761_792,
  'minicpm-2b-sft-llama': 6.02e9,
  // Its file has a second copy of the embedding, which is not read.
  'minicpm-2b-sft-gptq': 2.55e9 - 2 * 122_753 * 2304,
  'minicpm-1b-sft-floats': 2_720_492_544,
  'minicpm4.1-8b-q4': 4.95e9,
  // Of GGUF files that see, both together.
  'minicpm-v-4-q4': 2.19e9 + 959e6,
  'minicpm-v-4.6-floats': 2.6e9,
  'minicpm-v-2-q4': 1.96e9 + 866e6,
  'minicpm-v-2-floats': 6_869_931_584,
  'minicpm-v-1-floats': 6_869_931_584,
};

test.each(Object.entries(PUBLISHED))('%s is as large as its page says', (id, bytes) => {
  const { variant } = variants.find(({ variant }) => variant.id === id)!;
  expect(Math.abs(variant.downloadBytes / bytes - 1)).toBeLessThan(0.03);
});

test('every model and every checkpoint has an id of its own', () => {
  const ids = [...CATALOGUE.map(({ id }) => id), ...variants.map(({ variant }) => variant.id)];
  expect(new Set(ids).size).toBe(ids.length);
});

test('every checkpoint is named once, and a repository of several names its files', () => {
  const names = variants.map(({ variant }) => JSON.stringify([variant.huggingFace, variant.files]));
  expect(new Set(names).size).toBe(names.length);
  for (const { model, variant } of variants) {
    expect(variant.huggingFace).toMatch(/^[\w.-]+\/[\w.-]+$/);
    if (variant.modelScope !== null) expect(variant.modelScope).toMatch(/^[\w.-]+\/[\w.-]+$/);
    const wanted = !isGguf(variant) ? 0 : model.vision ? 2 : 1;
    expect(variant.files?.length ?? 0).toBe(wanted);
    for (const file of variant.files ?? []) expect(file).toMatch(/^[\w.-]+\.gguf$/);
  }
});

function isGguf({ kind }: Variant): boolean {
  return kind === 'gguf-4' || kind === 'gguf-8';
}

test('every text is there in both languages', () => {
  const texts: Text[] = [
    ...CATALOGUE.map(({ line }) => line),
    ...variants.flatMap(({ variant }) => variant.note ?? []),
    ...Object.values(LICENCES).map(({ summary }) => summary),
  ];
  for (const { en, zh } of texts) {
    expect(en).toMatch(/^[A-Z].*\.$/);
    expect(zh).toMatch(/[\u4e00-\u9fff].*。$/);
  }
});

test('contexts, dates and settings are plausible', () => {
  for (const { maxContext, release, sampling, licence } of CATALOGUE) {
    expect(maxContext % 1024).toBe(0);
    expect(release).toMatch(/^202[4-6]-(0[1-9]|1[0-2])$/);
    expect(LICENCES[licence].link).toMatch(/^https:\/\/github\.com\/OpenBMB\//);
    if (sampling) {
      expect(sampling.temperature).toBeGreaterThan(0);
      expect(sampling.topP).toBeLessThanOrEqual(1);
    }
  }
});

const LANGUAGE_MODELS = [
  ['minicpm5', 'llama'],
  ['minicpm3', 'minicpm3'],
  ['minicpm', 'minicpm'],
] as const;

test('a checkpoint that says nothing of it is sampled as its entry says', () => {
  for (const { model, variant } of variants) {
    if (!model.sampling) continue;
    const kind = model.vision ?? LANGUAGE_MODELS.find(([start]) => model.id.startsWith(start))![1];
    const name = variant.files?.[0] ?? variant.huggingFace.split('/')[1]!;
    expect(samplingFromJson(null, kind, name), variant.id).toMatchObject(model.sampling);
  }
});
