import type { MarkdownIt, StateInline } from 'markdown-it';
import { isSafeLink } from './links';

/**
 * Reads ![words](address) as a link with these words, or as the words alone where the address is no safe one. Pictures are
 * not fetched: whoever made up the address would learn that the answer is being read, and what it holds.
 */
export function imageRule(md: MarkdownIt): void {
  md.inline.ruler.at('image', imageAsLink);
}

function imageAsLink(state: StateInline, silent: boolean): boolean {
  const { src, pos, posMax, md } = state;
  if (!src.startsWith('![', pos)) return false;
  const labelEnd = md.helpers.parseLinkLabel(state, pos + 1, false);
  if (labelEnd < 0 || src[labelEnd + 1] !== '(') return false;
  const target = md.helpers.parseLinkDestination(src, skipSpaces(src, labelEnd + 2, posMax), posMax);
  if (!target.ok) return false;
  let end = skipSpaces(src, target.pos, posMax);
  const title = md.helpers.parseLinkTitle(src, end, posMax);
  if (title.ok && end > target.pos) end = skipSpaces(src, title.pos, posMax);
  if (end >= posMax || src[end] !== ')') return false;
  if (!silent) {
    const href = md.normalizeLink(target.str);
    pushLink(state, md.utils.unescapeAll(src.slice(pos + 2, labelEnd)).trim(), isSafeLink(href) ? href : '');
  }
  state.pos = end + 1;
  return true;
}

function pushLink(state: StateInline, words: string, href: string): void {
  const isLink = href !== '' && state.linkLevel === 0;
  if (isLink) state.push('link_open', 'a', 1).attrSet('href', href);
  state.push('text', '', 0).content = words || href;
  if (isLink) state.push('link_close', 'a', -1);
}

function skipSpaces(src: string, from: number, max: number): number {
  let pos = from;
  while (pos < max && /\s/.test(src[pos]!)) pos++;
  return pos;
}
