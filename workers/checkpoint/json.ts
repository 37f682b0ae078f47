import { engineError } from '../errors';

export type JsonObject = Record<string, unknown>;

/** True for `{…}`, not for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The object that UTF-8 bytes spell in JSON. `place` names file and part in messages.
 * Throws InvalidFileError for bad UTF-8, bad JSON and anything but an object.
 */
export function parseJsonObject(bytes: Uint8Array, place: string): JsonObject {
  const value = parseJson(decodeUtf8(bytes, place), place);
  if (!isJsonObject(value)) throw engineError('InvalidFileError', `${place} is not a JSON object.`);
  return value;
}

/** The text that UTF-8 bytes spell. Throws InvalidFileError. */
export function decodeUtf8(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw engineError('InvalidFileError', `${place} is not UTF-8 text.`, error);
  }
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw engineError('InvalidFileError', `${place} is not valid JSON: ${reason}`, error);
  }
}
