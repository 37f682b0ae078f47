import type { CatalogueModel, ModelShape, Variant } from './entry';

/** Also that of the language model of MiniCPM-V 1.0 and 2.0, whose head is one of its own. */
export const MINICPM_2B_SHAPE: ModelShape = {
  hiddenSize: 2304,
  intermediateSize: 5760,
  numLayers: 40,
  numHeads: 36,
  numKvHeads: 36,
  headDim: 64,
  vocabSize: 122_753,
  tieWordEmbeddings: true,
};

/** The first release, in both of its trainings. */
export const MINICPM_2B: readonly CatalogueModel[] = [
  {
    id: 'minicpm-2b-dpo',
    name: 'MiniCPM-2B-DPO',
    release: '2024-02',
    parameters: 2_724_880_896,
    shape: MINICPM_2B_SHAPE,
    maxContext: 4096,
    languages: ['zh', 'en'],
    licence: 'general-model-license',
    line: {
      en: 'The 2B of the first release, polished for conversation.',
      zh: '首次发布的 2B，针对对话调校。',
    },
    sampling: { temperature: 0.3, topP: 0.8 },
    variants: variantsOf('dpo', 'OpenBMB/MiniCPM-2B-dpo-bf16', {
      id: 'minicpm-2b-dpo-gptq',
      kind: 'gptq',
      huggingFace: 'openbmb/MiniCPM-2B-dpo-int4',
      modelScope: null,
      downloadBytes: 1_980_859_392,
      storedBytes: 3_066_107_904,
      note: {
        en: 'Its own files contradict each other about the order of its columns. If the less favourable one is right, it takes as much as is stated here; else about 1.8 GB.',
        zh: '它自带的两份说明对列的顺序说法不一。若是较不利的一种，占用如上所示；否则约 1.8 GB。',
      },
    }),
  },
  {
    id: 'minicpm-2b-sft',
    name: 'MiniCPM-2B-SFT',
    release: '2024-02',
    parameters: 2_724_880_896,
    shape: MINICPM_2B_SHAPE,
    maxContext: 4096,
    languages: ['zh', 'en'],
    licence: 'general-model-license',
    line: {
      en: 'The 2B of the first release, as trained on instructions.',
      zh: '首次发布的 2B，仅经过指令微调。',
    },
    sampling: { temperature: 0.8, topP: 0.8 },
    variants: variantsOf('sft', 'OpenBMB/miniCPM-bf16', {
      id: 'minicpm-2b-sft-gptq',
      kind: 'gptq',
      huggingFace: 'openbmb/MiniCPM-2B-sft-int4',
      modelScope: null,
      downloadBytes: 1_980_859_392,
      storedBytes: 1_845_172_224,
    }),
  },
];

/** The checkpoints that MiniCPM-2B has in both of its trainings; those of GPTQ differ. */
function variantsOf(training: 'sft' | 'dpo', modelScope: string, gptq: Variant): [Variant, ...Variant[]] {
  const id = `minicpm-2b-${training}`;
  const name = `MiniCPM-2B-${training}-bf16`;
  return [
    {
      id: `${id}-q4`,
      kind: 'gguf-4',
      huggingFace: `tensorblock/${name}-GGUF`,
      modelScope: null,
      files: [`${name}-Q4_K_M.gguf`],
      downloadBytes: 1_799_561_826,
      storedBytes: 2_079_074_304,
    },
    gptq,
    {
      id: `${id}-floats`,
      kind: 'floats',
      huggingFace: `openbmb/${name}`,
      modelScope,
      downloadBytes: 5_449_761_792,
      storedBytes: 1_576_185_984,
    },
    {
      id: `${id}-llama`,
      kind: 'llama-floats',
      huggingFace: `openbmb/${name}-llama-format`,
      modelScope: null,
      downloadBytes: 6_015_407_616,
      storedBytes: 1_739_734_272,
    },
  ];
}
