import type { CatalogueModel } from './entry';

/** The third release, whose heads share one short vector for their keys and values (multi-head latent attention). */
export const MINICPM3: CatalogueModel = {
  id: 'minicpm3-4b',
  name: 'MiniCPM3-4B',
  release: '2024-09',
  parameters: 4_073_875_968,
  shape: {
    hiddenSize: 2560,
    intermediateSize: 6400,
    numLayers: 62,
    numHeads: 40,
    numKvHeads: 1,
    headDim: 288,
    latent: { queryRank: 768, rank: 256, contentDim: 64, ropeDim: 32, valueDim: 64 },
    vocabSize: 73_448,
    tieWordEmbeddings: true,
  },
  maxContext: 32_768,
  languages: ['zh', 'en'],
  licence: 'minicpm-community-license',
  line: {
    en: 'More capable than the 2B of its time, for computers with 4 GB of graphics memory or more.',
    zh: '比同期的 2B 更能干，适合显存 4 GB 以上的电脑。',
  },
  sampling: { temperature: 0.8, topP: 0.8 },
  variants: [
    {
      id: 'minicpm3-4b-q4',
      kind: 'gguf-4',
      huggingFace: 'openbmb/MiniCPM3-4B-GGUF',
      modelScope: null,
      files: ['minicpm3-4b-q4_k_m.gguf'],
      downloadBytes: 2_468_069_152,
      storedBytes: 2_728_218_112,
    },
    {
      id: 'minicpm3-4b-floats',
      kind: 'floats',
      huggingFace: 'openbmb/MiniCPM3-4B',
      modelScope: 'OpenBMB/MiniCPM3-4B',
      downloadBytes: 8_147_751_936,
      storedBytes: 2_356_557_312,
    },
  ],
};
