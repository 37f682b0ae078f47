import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ORACLE, hasOracle } from './fixtures';

/** One prompt of a golden file: see the oracle's README. */
export interface GoldenPrompt {
  index: number;
  inputIds: number[];
  logitsLast: Float32Array;
  logitsAll: Float32Array | null;
  logitsStd: number;
  logitsMaxAbs: number;
  greedy: { tokens: number[]; margins: number[] };
}

export type FileKind = 'safetensors' | 'pytorch' | 'gptq' | 'gguf';

/** One weight file (or folder) of a tiny model, with the goldens that were computed from these very weights. */
export interface GoldenVariant {
  name: string;
  kind: FileKind;
  isQuantized: boolean;
  /** Files of the checkpoint, tokenizer included. */
  files: string[];
  prompts: GoldenPrompt[];
}

/** Language models that the engine runs; others have no `input_ids` goldens or another architecture. */
const ARCHITECTURES = ['MiniCPMForCausalLM', 'MiniCPM3ForCausalLM', 'LlamaForCausalLM'];

/** Every supported language model of the oracle in every supported file format. */
export function goldenVariants(): GoldenVariant[] {
  if (!hasOracle) return [];
  const models = readdirSync(ORACLE).filter((name) => existsSync(join(ORACLE, name, 'safetensors-bf16/config.json')));
  return models.flatMap((model) => {
    const config = readJson<{ architectures: string[]; vocab_size: number }>(
      join(ORACLE, model, 'safetensors-bf16/config.json'),
    );
    if (!config.architectures.some((name) => ARCHITECTURES.includes(name))) return [];
    return [
      ...readdirSync(join(ORACLE, model))
        .filter((folder) => /^(safetensors|pytorch|gptq)-/.test(folder))
        .map((folder) => folderVariant(model, folder, config.vocab_size)),
      ...(existsSync(join(ORACLE, model, 'gguf')) ? readdirSync(join(ORACLE, model, 'gguf')) : []).map((file) =>
        ggufVariant(model, file),
      ),
    ];
  });
}

/** A checkpoint for transformers; the weights of pytorch_model.bin are those of the safetensors. */
function folderVariant(model: string, folder: string, vocabSize: number): GoldenVariant {
  const kind = folder.replace(/-.*/, '') as FileKind;
  const tokenizer = join(ORACLE, 'tiny-tokenizers', `v${vocabSize}`);
  const path = join(ORACLE, model, folder);
  return {
    name: `${model} ${folder}`,
    kind,
    isQuantized: kind === 'gptq',
    files: [
      ...readdirSync(path).map((file) => join(path, file)),
      ...['tokenizer.json', 'tokenizer_config.json'].map((file) => join(tokenizer, file)),
    ],
    prompts: goldenPrompts(join(ORACLE, model, 'goldens', kind === 'gptq' ? folder : 'bf16')),
  };
}

function ggufVariant(model: string, file: string): GoldenVariant {
  const type = file.slice(`${model}.`.length, -'.gguf'.length);
  return {
    name: `${model} gguf-${type}`,
    kind: 'gguf',
    isQuantized: type !== 'F16',
    files: [join(ORACLE, model, 'gguf', file)],
    prompts: goldenPrompts(join(ORACLE, model, 'goldens', `gguf-${type}`)),
  };
}

interface PromptJson {
  index: number;
  input_ids: number[];
  logits_std: number;
  logits_max_abs: number;
  greedy: { tokens: number[]; margin_top1_top2: number[] };
}

/** The prompts of a golden file, whose path has no extension. */
export function goldenPrompts(path: string): GoldenPrompt[] {
  const tensors = readSafetensors(`${path}.safetensors`);
  return readJson<{ prompts: PromptJson[] }>(`${path}.json`).prompts.map((prompt) => ({
    index: prompt.index,
    inputIds: prompt.input_ids,
    logitsLast: tensors.get(`p${prompt.index}.logits_last`)!,
    logitsAll: tensors.get(`p${prompt.index}.logits_all`) ?? null,
    logitsStd: prompt.logits_std,
    logitsMaxAbs: prompt.logits_max_abs,
    greedy: { tokens: prompt.greedy.tokens, margins: prompt.greedy.margin_top1_top2 },
  }));
}

/** All tensors of a safetensors file that holds nothing but f32. */
function readSafetensors(path: string): Map<string, Float32Array> {
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerLength).toString()) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const data = bytes.subarray(8 + headerLength);
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            data_offsets: [start, end],
          },
        ]) => [name, new Float32Array(Uint8Array.from(data.subarray(start, end)).buffer)],
      ),
  );
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
