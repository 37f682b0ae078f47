/** Throws RangeError where the argument `name` cannot be `value`. */
export type Check = (name: string, value: unknown) => void;

/** A check of one value; `allowed` completes the sentence “it must be …”. */
export function rule(allowed: string, isAllowed: (value: unknown) => boolean): Check {
  return (name, value) => {
    if (!isAllowed(value)) throw new RangeError(`${name} is ${shown(value)}; it must be ${allowed}.`);
  };
}

export const aString = rule('a string', (value) => typeof value === 'string');
export const aName = rule('a string that is not empty', (value) => typeof value === 'string' && value !== '');
export const trueOrFalse = rule('true or false', (value) => typeof value === 'boolean');
export const aFunction = rule('a function', (value) => typeof value === 'function');
export const anAbortSignal = rule('an AbortSignal', (value) => value instanceof AbortSignal);
export const anyValue: Check = () => undefined;

export function oneOf(...allowed: readonly string[]): Check {
  return rule(allowed.map((name) => `'${name}'`).join(', '), (value) => allowed.some((name) => name === value));
}

export function wholeNumber(least: number, most = Infinity): Check {
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
  return rule(
    `a whole number ${range}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  );
}

/** A finite number; `range` says in words what `isInRange` tells. */
export function aNumber(range: string, isInRange: (value: number) => boolean): Check {
  return rule(`a number${range}`, (value) => typeof value === 'number' && Number.isFinite(value) && isInRange(value));
}

export function listOf(check: Check, isLongEnough: 'may be empty' | 'has members' = 'has members'): Check {
  const isList = rule('a list', Array.isArray);
  const hasMembers = rule('a list that is not empty', (value) => (value as unknown[]).length > 0);
  return (name, value) => {
    isList(name, value);
    if (isLongEnough === 'has members') hasMembers(name, value);
    for (const [i, member] of (value as unknown[]).entries()) check(`${name}[${i}]`, member);
  };
}

/** The value passes one of the checks, that for what kind of value it is. */
export function either(isFirst: (value: unknown) => boolean, first: Check, second: Check): Check {
  return (name, value) => (isFirst(value) ? first : second)(name, value);
}

export type Checks<Options> = { [Name in keyof Required<Options>]: Check };

/** An object with no other members than these; undefined stands for one that is not given, unless it is `needed`. */
export function objectOf<Options>(checks: Checks<Options>, ...needed: (keyof Options & string)[]): Check {
  const members = openObjectOf(checks, ...needed);
  return (name, value) => {
    anObject(name, value);
    const unknown = Object.keys(value as object).find((key) => !Object.hasOwn(checks, key));
    if (unknown !== undefined) {
      throw new RangeError(`${name} has no option ${shown(unknown)}; there are ${Object.keys(checks).join(', ')}.`);
    }
    members(name, value);
  };
}

/** As objectOf, with any other members beside these. */
export function openObjectOf<Options>(checks: Checks<Options>, ...needed: (keyof Options & string)[]): Check {
  const known: Partial<Record<string, Check>> = checks;
  return (name, value) => {
    anObject(name, value);
    for (const key of needed) known[key]!(`${name}.${key}`, (value as Partial<Options>)[key]);
    for (const [key, member] of Object.entries(value as object)) {
      if (member !== undefined) known[key]?.(`${name}.${key}`, member);
    }
  };
}

export const anObject = rule('an object', isObject);

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MOST_SHOWN = 60;

function shown(value: unknown): string {
  if (value instanceof Function) return 'a function';
  const text = typeof value === 'string' || isObject(value) || Array.isArray(value) ? json(value) : String(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'an object';
  }
}
