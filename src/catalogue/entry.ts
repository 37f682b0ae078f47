import type { RecurrentSizes } from '../../workers/memory/recurrentStateBytes';
import type { Language } from '../i18n/language';
import type { LicenceId } from './licences';

/** A text of the catalogue itself, in every language of the page. */
export type Text = Record<Language, string>;

/** The sizes that decide how many bytes a model takes, in the terms of its config.json. */
export interface ModelShape {
  hiddenSize: number;
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  numKvHeads: number;
  headDim: number;
  vocabSize: number;
  tieWordEmbeddings: boolean;
  /** Where keys and values are made from one short vector, which alone is cached: its sizes and those around it. */
  latent?: Record<'queryRank' | 'rank' | 'contentDim' | 'ropeDim' | 'valueDim', number>;
  /** Where some layers keep a state of fixed size in place of keys and values: the kinds of all, and the sizes of those. */
  hybrid?: { layerKinds: readonly ('attention' | 'delta-net')[]; delta: RecurrentSizes };
}

/**
 * How a checkpoint's weights are written: floats of 16 bits, which are packed to 4 bits at import; the same in the layout of
 * Llama, or trained to be packed; GPTQ, or llama.cpp's mixtures of about 4 bits and of 8 bits, all kept as they are.
 */
export type VariantKind = 'floats' | 'trained-floats' | 'llama-floats' | 'gptq' | 'gguf-4' | 'gguf-8';

/** One checkpoint of a model: what there is to download. */
export interface Variant {
  id: string;
  kind: VariantKind;
  /** Repository on Hugging Face and on hubs of its names. */
  huggingFace: string;
  /** Repository on ModelScope; null where none is known. */
  modelScope: string | null;
  /** Of a repository with more than one checkpoint, the files of this one; of a GGUF that sees, both. */
  files?: string[];
  /** Bytes of the tensors that an import reads; tokenizer and configuration add at most 17 MB. */
  downloadBytes: number;
  /** Bytes that the packed weights take on the device, in storage and in memory. */
  storedBytes: number;
  /** What else there is to know about it. */
  note?: Text;
}

/** A trained model, in one or more checkpoints; the first is the one to take where all fit. */
export interface CatalogueModel {
  id: string;
  /** The same in both languages. */
  name: string;
  /** Year and month, '2026-05'. */
  release: string;
  parameters: number;
  shape: ModelShape;
  /** Whose eyes it has, by the release that brought them; a model without takes no pictures. */
  vision?: '1.0' | '2.0' | '4.0' | '4.6';
  /** The longest context that it was made for, in tokens. */
  maxContext: number;
  languages: readonly Language[];
  licence: LicenceId;
  /** One line on what it is good for. */
  line: Text;
  /** As its authors recommend; null where they do not say. */
  sampling: { temperature: number; topP: number } | null;
  variants: readonly [Variant, ...Variant[]];
}
