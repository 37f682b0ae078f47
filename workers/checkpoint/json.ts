import { engineError } from '../errors';

export type JsonObject = Record<string, unknown>;

/** Published files nest some ten levels; thousands overflow the stack of what writes, copies or stores the value. */
const MAX_DEPTH = 256;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** True for `{…}`, not for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The object that UTF-8 bytes spell in JSON. `place` names file and part in messages.
 * Throws InvalidFileError for bad UTF-8, bad JSON, anything but an object, and absurd nesting.
 */
export function parseJsonObject(bytes: Uint8Array, place: string): JsonObject {
  const value = parseJson(decodeUtf8(bytes, place), place);
  if (depthOf(bytes) > MAX_DEPTH) {
    throw engineError('InvalidFileError', `${place} nests its values more than ${MAX_DEPTH} levels deep.`);
  }
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

/** How deep lists and objects of valid JSON lie in each other. */
function depthOf(json: Uint8Array): number {
  let deepest = 0;
  let depth = 0;
  let isText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (isText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) {
      isText = true;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      deepest = Math.max(deepest, ++depth);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
    }
  }
  return deepest;
}
