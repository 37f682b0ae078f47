import MarkdownIt from 'markdown-it';
import type { MarkdownIt as Parser, StateBlock } from 'markdown-it';
import cjkFriendly from 'markdown-it-cjk-friendly';
import { imageRule } from './imageRule';
import { isSafeLink } from './links';
import { mathRules } from './mathRules';
import type { PlacedBlock } from './nodes';
import { openEndRule } from './openEndRule';
import { withoutUndecidedLine } from './openEnd';
import { blockTree } from './tree';

/** Depth of quotes and lists, in levels of the parser (a list takes two), below which text is taken as it stands. */
const MAX_DEPTH = 24;

const md = createParser();

/**
 * Reads GitHub-flavoured Markdown with TeX. HTML in it is text. Line breaks are kept. Reference definitions are text:
 * one that comes late would change paragraphs long finished.
 *
 * `isOpen` says that the text is still being written: what may become something else with the next word is left out or
 * completed.
 */
export function parseMarkdown(text: string, isOpen: boolean): PlacedBlock[] {
  const source = isOpen ? withoutUndecidedLine(text) : text;
  return blockTree(md.parse(source, { isOpen }));
}

function createParser(): Parser {
  const parser = new MarkdownIt({ html: false, breaks: true, linkify: true, maxNesting: 4 * MAX_DEPTH });
  parser.disable('reference');
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  parser.linkify.add('ftp:', null).add('//', null);
  parser.validateLink = isSafeLink;
  parser.block.ruler.before('table', 'depth', limitDepth);
  parser.use(cjkFriendly).use(mathRules).use(imageRule).use(openEndRule);
  return parser;
}

/** The parser itself would leave out what is nested too deep. */
function limitDepth(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if (silent || state.level < MAX_DEPTH) return false;
  state.push('paragraph_open', 'p', 1).map = [startLine, endLine];
  const inline = state.push('inline', '', 0);
  inline.content = state.getLines(startLine, endLine, state.blkIndent, false).trim();
  inline.children = [];
  state.push('paragraph_close', 'p', -1);
  state.line = endLine;
  return true;
}
