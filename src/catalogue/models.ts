import type { CatalogueModel, ModelShape } from './entry';
import { MINICPM_2B } from './minicpm2b';
import { MINICPM3 } from './minicpm3';
import { MINICPM_V } from './minicpmV';

/**
 * The MiniCPM models that this engine runs, the one to recommend first where all fit. Their repositories, shapes, contexts,
 * licences and settings are as published. Sizes are computed from the shapes: the bytes of the tensors that an import reads,
 * and of what it stores; a test computes them again with the importer's own plan. They agree with the published file sizes.
 *
 * Of MiniCPM5-2B the width of the MLP, 6144, is inferred: it alone reproduces the sizes of its published GGUF files.
 */
export const CATALOGUE: readonly CatalogueModel[] = [
  {
    id: 'minicpm5-2b',
    name: 'MiniCPM5-2B',
    release: '2026-09',
    parameters: 2_516_756_480,
    shape: minicpm5({ hiddenSize: 2048, intermediateSize: 6144, numLayers: 42 }),
    maxContext: 131_072,
    languages: ['zh', 'en'],
    licence: 'apache-2.0',
    line: {
      en: 'The most capable small one: writing, reasoning, code, long texts.',
      zh: '小模型里最能干的一个：写作、推理、代码、长文本。',
    },
    sampling: { temperature: 1, topP: 0.95 },
    variants: [
      {
        id: 'minicpm5-2b-q4',
        kind: 'gguf-4',
        huggingFace: 'openbmb/MiniCPM5-2B-GGUF',
        modelScope: 'OpenBMB/MiniCPM5-2B-GGUF',
        files: ['MiniCPM5-2B-Q4_K_M.gguf'],
        downloadBytes: 1_556_172_800,
        storedBytes: 1_752_350_720,
      },
      {
        id: 'minicpm5-2b-floats',
        kind: 'floats',
        huggingFace: 'openbmb/MiniCPM5-2B',
        modelScope: 'OpenBMB/MiniCPM5-2B',
        downloadBytes: 5_033_512_960,
        storedBytes: 1_455_595_520,
      },
    ],
  },
  {
    id: 'minicpm5-1b',
    name: 'MiniCPM5-1B',
    release: '2026-05',
    parameters: 1_080_632_832,
    shape: minicpm5({ hiddenSize: 1536, intermediateSize: 4608, numLayers: 24 }),
    maxContext: 131_072,
    languages: ['zh', 'en'],
    licence: 'apache-2.0',
    line: {
      en: 'A quick everyday assistant that suits phones and laptops.',
      zh: '反应快的日常助手，手机和电脑都合适。',
    },
    sampling: { temperature: 0.7, topP: 0.95 },
    variants: [
      {
        id: 'minicpm5-1b-q4',
        kind: 'gguf-4',
        huggingFace: 'openbmb/MiniCPM5-1B-GGUF',
        modelScope: 'OpenBMB/MiniCPM5-1B-GGUF',
        files: ['MiniCPM5-1B-Q4_K_M.gguf'],
        downloadBytes: 682_930_176,
        storedBytes: 783_697_920,
      },
      {
        id: 'minicpm5-1b-q8',
        kind: 'gguf-8',
        huggingFace: 'openbmb/MiniCPM5-1B-GGUF',
        modelScope: 'OpenBMB/MiniCPM5-1B-GGUF',
        files: ['MiniCPM5-1B-Q8_0.gguf'],
        downloadBytes: 1_148_393_472,
        storedBytes: 1_215_928_320,
      },
      {
        id: 'minicpm5-1b-floats',
        kind: 'floats',
        huggingFace: 'openbmb/MiniCPM5-1B',
        modelScope: 'OpenBMB/MiniCPM5-1B',
        downloadBytes: 2_161_265_664,
        storedBytes: 624_998_400,
      },
    ],
  },
  {
    id: 'minicpm4-0.5b',
    name: 'MiniCPM4-0.5B',
    release: '2025-06',
    parameters: 433_873_920,
    shape: {
      hiddenSize: 1024,
      intermediateSize: 4096,
      numLayers: 24,
      numHeads: 16,
      numKvHeads: 2,
      headDim: 64,
      vocabSize: 73_448,
      tieWordEmbeddings: true,
    },
    maxContext: 32_768,
    languages: ['zh', 'en'],
    licence: 'apache-2.0',
    line: {
      en: 'The smallest real one: simple questions and short texts, on almost any device.',
      zh: '最小的真实模型：简单问题和短文本，几乎任何设备都能跑。',
    },
    sampling: { temperature: 0.7, topP: 0.7 },
    variants: [
      {
        id: 'minicpm4-0.5b-qat',
        kind: 'trained-floats',
        huggingFace: 'openbmb/MiniCPM4-0.5B-QAT-Int4-unquantized',
        modelScope: 'OpenBMB/MiniCPM4-0.5B-QAT-Int4-unquantized',
        downloadBytes: 867_747_840,
        storedBytes: 251_019_264,
      },
      {
        id: 'minicpm4-0.5b-floats',
        kind: 'floats',
        huggingFace: 'openbmb/MiniCPM4-0.5B',
        modelScope: 'OpenBMB/MiniCPM4-0.5B',
        downloadBytes: 867_747_840,
        storedBytes: 251_019_264,
      },
    ],
  },
  MINICPM3,
  ...MINICPM_2B,
  {
    id: 'minicpm-1b-sft',
    name: 'MiniCPM-1B-SFT',
    release: '2024-04',
    parameters: 1_360_246_272,
    shape: {
      hiddenSize: 1536,
      intermediateSize: 3840,
      numLayers: 52,
      numHeads: 24,
      numKvHeads: 8,
      headDim: 64,
      vocabSize: 73_440,
      tieWordEmbeddings: true,
    },
    maxContext: 4096,
    languages: ['zh', 'en'],
    licence: 'general-model-license',
    line: {
      en: 'The smaller sister of the first 2B.',
      zh: '第一代 2B 的小妹妹。',
    },
    sampling: null,
    variants: [
      {
        id: 'minicpm-1b-sft-floats',
        kind: 'floats',
        huggingFace: 'openbmb/MiniCPM-1B-sft-bf16',
        modelScope: 'OpenBMB/MiniCPM-1B-sft-bf16',
        downloadBytes: 2_720_492_544,
        storedBytes: 786_944_256,
      },
    ],
  },
  {
    id: 'minicpm4.1-8b',
    name: 'MiniCPM4.1-8B',
    release: '2025-09',
    parameters: 8_185_253_888,
    shape: {
      hiddenSize: 4096,
      intermediateSize: 16_384,
      numLayers: 32,
      numHeads: 32,
      numKvHeads: 2,
      headDim: 128,
      vocabSize: 73_448,
      tieWordEmbeddings: false,
    },
    maxContext: 65_536,
    languages: ['zh', 'en'],
    licence: 'apache-2.0',
    line: {
      en: 'The strongest of the list, for computers with 8 GB of graphics memory or more.',
      zh: '列表中最强的一个，适合显存 8 GB 以上的电脑。',
    },
    sampling: { temperature: 0.6, topP: 0.95 },
    variants: [
      {
        id: 'minicpm4.1-8b-q4',
        kind: 'gguf-4',
        huggingFace: 'openbmb/MiniCPM4.1-8B-GGUF',
        modelScope: 'OpenBMB/MiniCPM4.1-8B-GGUF',
        files: ['MiniCPM4.1-8B-Q4_K_M.gguf'],
        downloadBytes: 4_963_831_040,
        storedBytes: 5_494_079_488,
      },
    ],
  },
  ...MINICPM_V,
];

type OwnSizes = Pick<ModelShape, 'hiddenSize' | 'intermediateSize' | 'numLayers'>;

/** What the sizes of MiniCPM5 have in common. */
function minicpm5(sizes: OwnSizes): ModelShape {
  return { ...sizes, numHeads: 16, numKvHeads: 2, headDim: 128, vocabSize: 130_560, tieWordEmbeddings: false };
}
