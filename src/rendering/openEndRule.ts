import type { MarkdownIt, StateCore, Token } from 'markdown-it';
import { completeInline } from './openEnd';

/** Makes a Markdown parser complete the end of a text that is still being written (`env.isOpen`). */
export function openEndRule(md: MarkdownIt): void {
  md.core.ruler.after('block', 'open_end', (state) => {
    const isBehindBlank = /\n[ \t]*\n[ \t]*$/.test(state.src);
    if (!state.env.isOpen || isBehindBlank) return;
    completeTable(state);
    const last = lastInline(state.tokens);
    if (last) last.content = completeInline(last.content);
  });
}

/** The inline text that the next word will lengthen, or undefined where the text ends with something else. */
function lastInline(tokens: readonly Token[]): Token | undefined {
  const isEmptyCell = ({ type, content }: Token) => /^t[hd]_open$/.test(type) || (type === 'inline' && content === '');
  const last = tokens.findLast((token) => token.nesting !== -1 && !isEmptyCell(token));
  return last?.type === 'inline' ? last : undefined;
}

/** A paragraph whose last line begins with a bar is the first line of a table: it is shown as one from its first cell on. */
function completeTable({ tokens, md, env }: StateCore): void {
  const at = tokens.findLastIndex(({ type }) => type === 'inline');
  const [open, inline] = [tokens[at - 1], tokens[at]];
  const isEnd = tokens.slice(at + 1).every(({ nesting }) => nesting === -1);
  if (open?.type !== 'paragraph_open' || !inline || !isEnd) return;
  const lines = inline.content.split('\n');
  const header = lines.pop()!;
  if (!/^\s*\|[^|]*[^|\s]/.test(header) || lines.at(-1)?.trimStart().startsWith('|')) return;
  const table: Token[] = [];
  md.block.parse(`${header}\n${delimiterRow(header)}`, md, env, table);
  if (table[0]?.type !== 'table_open') return;
  table[0].map = open.map;
  inline.content = lines.join('\n');
  tokens.splice(lines.length > 0 ? at + 2 : at - 1, lines.length > 0 ? 0 : 3, ...table);
}

function delimiterRow(header: string): string {
  const bars = header.trim().replace(/\\./g, '').match(/\|/g)!.length;
  const columns = /(?<!\\)\|$/.test(header.trim()) ? bars - 1 : bars;
  return `|${'---|'.repeat(columns)}`;
}
