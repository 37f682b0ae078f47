import type { SourceInfo } from './source';

export type Quantization = 'auto' | 'int4' | 'int8' | 'f16' | 'f32';

export interface SamplingDefaults {
  /** Longest answer in tokens; null where the authors set none. */
  maxTokens: number | null;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  repetitionPenalty: number;
}

/** What the chat template of a model does with the variable `enable_thinking`. */
export interface ThinkingSupport {
  /** Whether the variable changes the prompt; else the model always thinks. */
  canSwitch: boolean;
  /** Whether the prompt ends in `<think>`, so that an answer begins inside a thought: with the variable true, and false. */
  opensWith: boolean;
  opensWithout: boolean;
}

export interface ModelInfo {
  id: string;
  name: string;
  family: string;
  architecture: string;
  parameters: number;
  /** Bytes stored, packed. */
  bytes: number;
  quantization: Quantization;
  vocabSize: number;
  /** The longest context the checkpoint was made for, in tokens. */
  contextLength: number;
  vision: boolean;
  /** Of a model made for so many pictures in a conversation; without it, as many as the context holds. */
  mostPictures?: number;
  source: SourceInfo;
  licence: string | null;
  /** False where the source came without a tokenizer: token ids in, token ids out. */
  hasTokenizer: boolean;
  /** Null where its chat template knows nothing of thoughts. */
  thinking: ThinkingSupport | null;
  sampling: SamplingDefaults;
  importedAt: number;
  /** When it was loaded last; null where it never was. */
  lastUsedAt: number | null;
}
