import { formulaAt } from './mathRules';

/** A line longer than this has been decided; so has what a bracket or dollar began that many characters ago. */
const UNDECIDED_LINE = 200;
const UNDECIDED_SPAN = 300;

const MARKERS = String.raw`[\s>]*(?:(?:[-+*]|\d{1,9}[.)])\s+)*`;
const UNDECIDED = new RegExp(
  String.raw`^${MARKERS}(?:[-+*=_~\x60$#|\\:\s]+|\d{1,9}[.)]?|\[[ xX]?\]?|\x60{3,}[^\x60]*|~{3,}.*)$`,
);

/**
 * The text without its last line, where that has no more than marks on it: a dash may become a list, a rule, or the line under
 * a heading.
 */
export function withoutUndecidedLine(text: string): string {
  const start = text.lastIndexOf('\n') + 1;
  const line = text.slice(start);
  return line.length <= UNDECIDED_LINE && UNDECIDED.test(line) ? text.slice(0, start) : text;
}

/**
 * The end of a text that is still being written, as it will most likely go on: emphasis and code are closed, and what may
 * become a link, a formula or another mark is left out until it is decided.
 */
export function completeInline(text: string): string {
  const open: string[] = [];
  let pos = 0;
  while (pos < text.length) {
    const char = text[pos]!;
    const undecided = text.length - pos <= UNDECIDED_SPAN;
    if (char === '`') {
      const run = runAt(text, pos);
      const end = closingRun(text, pos + run.length, run);
      if (end < 0)
        return text.length === pos + run.length ? closed(text.slice(0, pos), open) : closed(text, [...open, run]);
      pos = end;
    } else if (char === '\\' || char === '$') {
      const formula = formulaAt(text, pos);
      if (!formula && undecided && mayBeFormula(text, pos)) return closed(text.slice(0, pos), open);
      pos = formula?.end ?? pos + (char === '\\' ? 2 : 1);
    } else if (char === '[' || char === '!' || char === '<') {
      if (undecided && mayBeLink(text.slice(pos))) return closed(text.slice(0, pos), open);
      pos++;
    } else if (char === '*' || char === '_' || char === '~') {
      const run = runAt(text, pos);
      if (pos + run.length === text.length) return closed(text.slice(0, pos), open);
      noteEmphasis(open, text, pos, run);
      pos += run.length;
    } else pos++;
  }
  return closed(text, open);
}

/** A closing mark must follow a word directly. */
function closed(text: string, open: readonly string[]): string {
  if (open.length === 0) return text;
  const trimmed = text.trimEnd();
  const last = open.at(-1)!;
  // Nothing is emphasised yet: the mark waits for its first word.
  if (trimmed.endsWith(last)) return closed(trimmed.slice(0, -last.length), open.slice(0, -1));
  return trimmed + open.toReversed().join('');
}

function runAt(text: string, pos: number): string {
  let end = pos + 1;
  while (text[end] === text[pos]) end++;
  return text.slice(pos, end);
}

/** The position behind the run of backticks that closes a code span, or -1. */
function closingRun(text: string, from: number, run: string): number {
  for (let pos = text.indexOf('`', from); pos >= 0; pos = text.indexOf('`', pos)) {
    const found = runAt(text, pos);
    pos += found.length;
    if (found === run) return pos;
  }
  return -1;
}

function mayBeFormula(text: string, pos: number): boolean {
  const next = text[pos + 1];
  if (text[pos] === '\\') return next === undefined || next === '(' || next === '[';
  return next === undefined || next === '$' || !/[\s\d]/.test(next);
}

function mayBeLink(rest: string): boolean {
  return (
    /^!?\[[^\]]*(?:\](?:\([^)]*)?)?$/.test(rest) || // [words](address
    /^<[a-z][a-z\d+.-]*(?::[^\s<>]*)?$/i.test(rest) // <https://address
  );
}

/** Keeps the list of emphasis that is open behind a run of marks. Marks inside a word and single tildes are none. */
function noteEmphasis(open: string[], text: string, pos: number, run: string): void {
  const before = text[pos - 1] ?? ' ';
  const after = text[pos + run.length]!;
  let rest = run;
  if (!/\s/.test(before)) {
    for (let last = open.at(-1); last && rest.startsWith(last); last = open.at(-1)) {
      open.pop();
      rest = rest.slice(last.length);
    }
  }
  const mayOpen = !/\s/.test(after) && !(/[\w\d]/.test(before) && /[\w\d]/.test(after));
  if (rest === '' || !mayOpen || rest.length > 3 || (rest[0] === '~' && rest.length !== 2)) return;
  if (rest.length >= 2) open.push(rest.slice(0, 2));
  if (rest.length % 2 === 1) open.push(rest[0]!);
}
