import { engineError } from '../errors';
import { isJsonObject } from './json';

/**
 * Typed reading of a configuration, whether JSON or GGUF metadata. A value that is absent or null takes `fallback`;
 * without one, and for a value of the wrong type, InvalidFileError names the file and the key.
 */
export class Fields {
  readonly #read: (key: string) => unknown;
  /** The file, for messages. */
  readonly place: string;

  constructor(place: string, read: (key: string) => unknown) {
    this.place = place;
    this.#read = read;
  }

  /** The raw value; undefined where absent or null. */
  value(key: string): unknown {
    return this.#read(key) ?? undefined;
  }

  /** The fields of an object in it; none where it is absent. Throws InvalidFileError for another value. */
  nested(key: string): Fields {
    const value = this.value(key) ?? {};
    if (!isJsonObject(value)) throw engineError('InvalidFileError', `${this.place}: "${key}" is not an object.`);
    return new Fields(`${this.place}, ${key}`, (name) => (Object.hasOwn(value, name) ? value[name] : undefined));
  }

  /** A whole number from 1 to `limit`. */
  size(key: string, limit: number, fallback?: number): number {
    const isSize = (value: unknown): value is number =>
      Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= limit;
    return this.#checked(key, isSize, `a whole number from 1 to ${limit}`, fallback);
  }

  /** A finite number above zero. */
  positive(key: string, fallback?: number): number {
    const isPositive = (value: unknown): value is number =>
      typeof value === 'number' && Number.isFinite(value) && value > 0;
    return this.#checked(key, isPositive, 'a number above zero', fallback);
  }

  /** A finite number, zero or above. */
  atLeastZero(key: string, fallback?: number): number {
    const isRight = (value: unknown): value is number =>
      typeof value === 'number' && Number.isFinite(value) && value >= 0;
    return this.#checked(key, isRight, 'a number of zero or above', fallback);
  }

  /** A number from zero to one. */
  fraction(key: string, fallback?: number): number {
    const isFraction = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
    return this.#checked(key, isFraction, 'a number from 0 to 1', fallback);
  }

  /** A whole number, zero or above. */
  count(key: string, fallback?: number): number {
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    return this.#checked(key, isCount, 'a whole number of zero or above', fallback);
  }

  /** true or false. */
  boolean(key: string, fallback?: boolean): boolean {
    return this.#checked(key, (value) => typeof value === 'boolean', 'true or false', fallback);
  }

  /** A string. */
  string(key: string, fallback?: string): string {
    return this.#checked(key, (value) => typeof value === 'string', 'a string', fallback);
  }

  /** Token ids given as one number or a list; empty where absent. */
  tokenIds(key: string): number[] {
    const value = this.value(key);
    const ids = value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
    const isTokenId = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;
    if (!ids.every(isTokenId)) throw this.#wrong(key, 'a token id or a list of token ids');
    return ids;
  }

  #checked<T>(key: string, isRight: (value: unknown) => value is T, wanted: string, fallback: T | undefined): T {
    const value = this.value(key);
    if (value === undefined && fallback !== undefined) return fallback;
    if (isRight(value)) return value;
    throw this.#wrong(key, wanted);
  }

  #wrong(key: string, wanted: string): Error {
    const value = this.value(key);
    const found = value === undefined ? 'is missing' : `is ${abbreviate(value)}`;
    return engineError('InvalidFileError', `${this.place}: "${key}" ${found}; it must be ${wanted}.`);
  }
}

function abbreviate(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
