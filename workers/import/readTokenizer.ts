import type { JsonObject } from '../checkpoint/json';
import { decodeUtf8, parseJsonObject } from '../checkpoint/json';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { templateOf } from '../tokenizer/chatTemplateSource';
import { tokenizerFromSentencePiece } from '../tokenizer/fromSentencePiece';
import { parseSentencePieceModel } from '../tokenizer/sentencePieceModel';
import { validateTokenizer } from '../tokenizer/validateTokenizer';
import type { FileSet } from './fileSet';

/** tokenizer.json of the largest vocabularies is about 20 MB. */
const TOKENIZER_LIMIT = 64 << 20;
const TEMPLATE_LIMIT = 1 << 20;

/** The tokenizer class of MiniCPM-V 1.0 and 2.0, whatever tokenizer_config.json calls it. */
const SENTENCE_PIECE_CLASS = { tokenizer_class: 'MiniCPMVTokenizer' };

/**
 * The tokenizer and chat template of a checkpoint for transformers: tokenizer.json or, where there is none, tokenizer.model;
 * null where it has neither. With `callsSentencePiece`, tokenizer.model goes first. Throws InvalidFileError, UnsupportedError (a tokenizer of another kind than BPE) or
 * NetworkError.
 */
export async function readTokenizer(
  files: FileSet,
  vocabSize: number,
  callsSentencePiece = false,
): Promise<TokenizerRecord | null> {
  const preferred = callsSentencePiece ? await files.open('tokenizer.model') : null;
  const tokenizer = preferred ? null : await readJson(files, 'tokenizer.json');
  const sentencePiece = preferred ?? (tokenizer ? null : await files.open('tokenizer.model'));
  if (!tokenizer && !sentencePiece) return null;
  const stated = (await readJson(files, 'tokenizer_config.json')) ?? {};
  const config = preferred ? { ...stated, ...SENTENCE_PIECE_CLASS } : stated;
  const parts = sentencePiece
    ? tokenizerFromSentencePiece(parseSentencePieceModel(await sentencePiece.readAll(TOKENIZER_LIMIT)), config)
    : { tokenizer: tokenizer!, config };
  const record = { ...parts, chatTemplate: await readTemplateFile(files) };
  validateTokenizer(record, vocabSize);
  return record;
}

async function readJson(files: FileSet, name: string): Promise<JsonObject | null> {
  const source = await files.open(name);
  return source && parseJsonObject(await source.readAll(TOKENIZER_LIMIT), name);
}

/** The template of a file of its own, as newer checkpoints have it; older ones keep it in tokenizer_config.json. */
async function readTemplateFile(files: FileSet): Promise<string | null> {
  const jinja = await files.open('chat_template.jinja');
  if (jinja) return decodeUtf8(await jinja.readAll(TEMPLATE_LIMIT), 'chat_template.jinja');
  const json = await readJson(files, 'chat_template.json');
  return json && templateOf(json);
}
