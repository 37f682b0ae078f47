import type { JsonObject } from '../checkpoint/json';
import { decodeUtf8, isJsonObject, parseJsonObject } from '../checkpoint/json';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { validateTokenizer } from '../tokenizer/validateTokenizer';
import type { FileSet } from './fileSet';

/** tokenizer.json of the largest vocabularies is about 20 MB. */
const TOKENIZER_LIMIT = 64 << 20;
const TEMPLATE_LIMIT = 1 << 20;

/**
 * The tokenizer and chat template of a checkpoint for transformers; null where it has no tokenizer.json.
 * Throws InvalidFileError, UnsupportedError (a tokenizer of another kind than BPE) or NetworkError.
 */
export async function readTokenizer(files: FileSet, vocabSize: number): Promise<TokenizerRecord | null> {
  const tokenizer = await readJson(files, 'tokenizer.json');
  if (!tokenizer) return null;
  const config = (await readJson(files, 'tokenizer_config.json')) ?? {};
  const chatTemplate = (await readTemplateFile(files)) ?? templateIn(config.chat_template);
  const record = { tokenizer, config, chatTemplate };
  validateTokenizer(record, vocabSize);
  return record;
}

async function readJson(files: FileSet, name: string): Promise<JsonObject | null> {
  const source = await files.open(name);
  return source && parseJsonObject(await source.readAll(TOKENIZER_LIMIT), name);
}

async function readTemplateFile(files: FileSet): Promise<string | null> {
  const jinja = await files.open('chat_template.jinja');
  if (jinja) return decodeUtf8(await jinja.readAll(TEMPLATE_LIMIT), 'chat_template.jinja');
  const json = await readJson(files, 'chat_template.json');
  return json && templateIn(json.chat_template);
}

/** A template is a string, or one of several under names, of which 'default' is for plain chat. */
function templateIn(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const named: unknown = value.find((entry) => isJsonObject(entry) && entry.name === 'default');
  return isJsonObject(named) && typeof named.template === 'string' ? named.template : null;
}
