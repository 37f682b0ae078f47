import type { MarkdownIt, StateBlock, StateInline } from 'markdown-it';

/** Lines that a displayed formula may have, and characters of one inside a line: what bounds the search for its end. */
const MAX_LINES = 200;
const MAX_CHARACTERS = 1000;

const DISPLAY_ENDS: Record<string, string> = { $$: '$$', '\\[': '\\]' };
const ENDS: Record<string, string> = { ...DISPLAY_ENDS, '\\(': '\\)' };

/** Adds TeX to a Markdown parser: $…$ and \(…\) in a line, $$…$$ and \[…\] displayed. */
export function mathRules(md: MarkdownIt): void {
  md.inline.ruler.before('escape', 'math', inlineMath);
  md.block.ruler.before('fence', 'math', blockMath, { alt: ['paragraph', 'blockquote', 'list'] });
}

function inlineMath(state: StateInline, silent: boolean): boolean {
  const { src, pos, posMax } = state;
  const found = formulaAt(src.slice(0, posMax), pos);
  if (!found) return false;
  if (!silent) {
    const token = state.push('math_inline', '', 0);
    token.content = found.tex;
    token.markup = found.start;
  }
  state.pos = found.end;
  return true;
}

/** The formula of a line that begins at `pos`, or null. `end` is the position behind it. */
export function formulaAt(text: string, pos: number): { tex: string; start: string; end: number } | null {
  const pair = text.slice(pos, pos + 2);
  const closing = ENDS[pair];
  if (closing === undefined) return text[pos] === '$' ? dollarFormulaAt(text, pos) : null;
  const from = pos + 2;
  const length = text.slice(from, from + MAX_CHARACTERS).indexOf(closing);
  const tex = length < 0 ? '' : text.slice(from, from + length).trim();
  return tex === '' ? null : { tex, start: pair, end: from + length + 2 };
}

/** Dollars are money, too: inside a formula no space follows the first, and none precedes the last, nor a digit follows it. */
function dollarFormulaAt(text: string, pos: number): { tex: string; start: string; end: number } | null {
  if (!/\S/.test(text[pos + 1] ?? '')) return null;
  const last = Math.min(text.length, pos + MAX_CHARACTERS);
  for (let i = pos + 1; i < last; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '$') {
      const isEnd = /\S/.test(text[i - 1]!) && !/[\d$]/.test(text[i + 1] ?? '');
      return isEnd ? { tex: text.slice(pos + 1, i), start: '$', end: i + 1 } : null;
    }
  }
  return null;
}

/** `env.isOpen`: the text is still being written, so that a formula without an end may yet get it. */
function blockMath(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if (state.sCount[startLine]! - state.blkIndent >= 4) return false;
  const first = state.getLines(startLine, startLine + 1, state.blkIndent, false).trim();
  const start = first.slice(0, 2);
  const closing = DISPLAY_ENDS[start];
  if (closing === undefined) return false;
  const lines: string[] = [];
  let line = startLine;
  let isClosed = false;
  for (; line < endLine && line - startLine < MAX_LINES && !isClosed; line++) {
    if (state.sCount[line]! < state.blkIndent && !state.isEmpty(line)) return false;
    const text = line === startLine ? first.slice(2) : state.getLines(line, line + 1, state.blkIndent, false);
    const end = text.indexOf(closing);
    if (end >= 0 && text.slice(end + 2).trim() !== '') return false;
    isClosed = end >= 0;
    lines.push(isClosed ? text.slice(0, end) : text);
  }
  const isLastOfText = line === state.bMarks.length - 1;
  if (!isClosed && !(state.env.isOpen && isLastOfText)) return false;
  if (silent) return true;
  const token = state.push('math_block', '', 0);
  token.content = lines.join('\n').trim();
  token.map = [startLine, line];
  token.meta = { isOpen: !isClosed };
  state.line = line;
  return true;
}
