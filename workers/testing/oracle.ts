import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Reference models with golden outputs, beside the checkout; tests that need them are skipped where they are not. */
export const ORACLE = '../shared/oracle';

export const hasOracle = existsSync(ORACLE);

/** All files of a folder of the oracle. */
export function oracleFiles(folder: string): File[] {
  return readdirSync(`${ORACLE}/${folder}`).map((name) => oracleFile(`${folder}/${name}`));
}

/** One file of the oracle. */
export function oracleFile(path: string): File {
  return new File([readFileSync(`${ORACLE}/${path}`)], path.split('/').at(-1)!, { lastModified: 0 });
}

/** The outputs of one prompt: see the oracle's README. */
export interface GoldenLogits {
  inputIds: number[];
  logitsLast: Float32Array;
  logitsStd: number;
  logitsMaxAbs: number;
}

/** A prompt of a golden file, as its JSON describes it. */
export interface GoldenPrompt {
  index: number;
  input_ids: number[];
  logits_std: number;
  /** Where the features of each tile go, half open; absent for text. */
  image_bounds?: [number, number][];
  image?: string;
  images?: string[];
  question?: string;
  /** The rendered chat; where it is all there is, the question stands in it. */
  prompt_text?: string;
  greedy: { tokens: number[]; margin_top1_top2: number[] };
}

/** The outputs of a reference model. */
export interface GoldenFile {
  prompts: GoldenPrompt[];
  /** A tensor by name; null for one that the file lacks. */
  tensor(name: string): { shape: number[]; values: Float32Array } | null;
}

/** What is asked; prompts of 4.6 state it in the rendered chat alone: the last line of the person's turn. */
export function questionOf(prompt: { question?: string; prompt_text?: string }): string | undefined {
  const { question, prompt_text: text = '' } = prompt;
  return question ?? /([^\n]*)<\|im_end\|>\n<\|im_start\|>assistant/.exec(text)?.[1];
}

/** The files of a tokenizer that a model of the oracle uses; 4.6 has the published chat template. */
export function tokenizerFiles(name: string): File[] {
  const paths = ['tokenizer.json', 'tokenizer.model', 'tokenizer_config.json'].map(
    (file) => `tiny-tokenizers/${name}/${file}`,
  );
  const template = name.startsWith('bytelevel') ? ['tokenizers/minicpm-v-4.6/chat_template.jinja'] : [];
  return [...paths.filter((path) => existsSync(`${ORACLE}/${path}`)), ...template].map(oracleFile);
}

/** The golden file of `variant`, such as 'bf16'. */
export function goldenFile(model: string, variant: string): GoldenFile {
  const path = `${ORACLE}/${model}/goldens/${variant}`;
  const { prompts } = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as { prompts: GoldenPrompt[] };
  const file = readFileSync(`${path}.safetensors`);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, headerEnd).toString()) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  const tensor = (name: string) => {
    const entry = header[name];
    if (!entry) return null;
    const [begin, end] = entry.data_offsets;
    const bytes = Uint8Array.from(file.subarray(headerEnd + begin, headerEnd + end));
    return { shape: entry.shape, values: new Float32Array(bytes.buffer) };
  };
  return { prompts, tensor };
}

/** The golden outputs of the prompts of `variant`, such as 'gptq-int4-g32'. */
export function goldenLogits(model: string, variant: string): GoldenLogits[] {
  const path = `${ORACLE}/${model}/goldens/${variant}`;
  const { prompts } = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as {
    prompts: { index: number; input_ids: number[]; logits_std: number; logits_max_abs: number }[];
  };
  const file = readFileSync(`${path}.safetensors`);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, headerEnd).toString()) as Record<string, { data_offsets: number[] }>;
  return prompts.map((prompt) => {
    const [begin, end] = header[`p${prompt.index}.logits_last`]!.data_offsets;
    const bytes = Uint8Array.from(file.subarray(headerEnd + begin!, headerEnd + end!));
    return {
      inputIds: prompt.input_ids,
      logitsLast: new Float32Array(bytes.buffer),
      logitsStd: prompt.logits_std,
      logitsMaxAbs: prompt.logits_max_abs,
    };
  });
}
