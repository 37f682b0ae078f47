import { Interpreter, type Environment } from '@huggingface/jinja';

type Node = Parameters<Interpreter['evaluate']>[0];
type Scope = Parameters<Interpreter['evaluate']>[1];
type Value = ReturnType<Interpreter['evaluate']>;

/** Evaluated nodes. A conversation of a thousand turns takes some sixty thousand. */
const MAX_STEPS = 300_000;
/** A step over a long list may itself be long, so time is limited too. */
const MAX_MILLISECONDS = 5000;
/** Characters of one string: prompts end far below, and doubling a string must not fill the memory. */
const MAX_STRING_LENGTH = 16 * 1024 * 1024;
/** Elements of one list. */
export const MAX_LIST_LENGTH = 64 * 1024;
/** Padding widths and the like; nothing in a template counts further. */
const MAX_INTEGER = 16 * 1024 * 1024;

/**
 * The Jinja interpreter with an end: throws where a template takes too many steps or makes too large a value. Its
 * strip methods are Python's: with an argument they cut those characters only, which the plain interpreter ignores.
 */
export class BoundedInterpreter extends Interpreter {
  #steps = 0;
  readonly #deadline: number;

  constructor(environment: Environment, maxMilliseconds = MAX_MILLISECONDS) {
    super(environment);
    this.#deadline = performance.now() + maxMilliseconds;
  }

  override evaluate(node: Node, scope: Scope): Value {
    if (++this.#steps > MAX_STEPS || performance.now() > this.#deadline) throw new Error('the template runs too long');
    const value = isStripCall(node) ? this.#evaluateStrip(node, scope) : super.evaluate(node, scope);
    checkSize(value);
    return value;
  }

  #evaluateStrip(node: StripCall, scope: Scope): Value {
    const object = this.evaluate(node.callee.object, scope);
    if (object.type !== 'StringValue' || node.args.length > 1) return super.evaluate(node, scope);
    const characters = node.args.length === 0 ? null : this.evaluate(node.args[0], scope);
    if (characters !== null && characters.type !== 'StringValue') return super.evaluate(node, scope);
    const text = strip(
      node.callee.property.value,
      String(object.value),
      characters === null ? PYTHON_WHITESPACE : String(characters.value),
    );
    const literal = { type: 'StringLiteral', value: text };
    return super.evaluate(literal, scope);
  }
}

type StripMethod = 'strip' | 'lstrip' | 'rstrip';

interface StripCall {
  type: 'CallExpression';
  callee: { type: 'MemberExpression'; computed: false; object: Node; property: { value: StripMethod } };
  args: Node[];
}

function isStripCall(node: Node | Partial<StripCall>): node is StripCall {
  if (node?.type !== 'CallExpression' || !('callee' in node)) return false;
  const { callee } = node;
  return callee?.type === 'MemberExpression' && !callee.computed && STRIP_METHODS.includes(callee.property.value);
}

const STRIP_METHODS: StripMethod[] = ['strip', 'lstrip', 'rstrip'];

/** The characters for which Python's str.isspace holds: JavaScript's, without U+FEFF, with U+001C to U+001F and U+0085. */
const PYTHON_WHITESPACE =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

function strip(method: StripMethod, text: string, characters: string): string {
  const cut = new Set(characters);
  const kept = [...text];
  let start = 0;
  let end = kept.length;
  if (method !== 'rstrip') while (start < end && cut.has(kept[start]!)) start++;
  if (method !== 'lstrip') while (end > start && cut.has(kept[end - 1]!)) end--;
  return kept.slice(start, end).join('');
}

function checkSize(value: Value): void {
  const { type, value: content } = value;
  if (typeof content === 'string' && content.length > MAX_STRING_LENGTH)
    throw new Error('the template makes too long a text');
  if (type === 'IntegerValue' && Math.abs(Number(content)) > MAX_INTEGER)
    throw new Error('the template counts too far');
  if (Array.isArray(content) && content.length > MAX_LIST_LENGTH) throw new Error('the template makes too long a list');
}
