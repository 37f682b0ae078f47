import type { Token } from 'markdown-it';
import { isSafeLink } from './links';
import type { Inline } from './nodes';

/** Depth of emphasis and links below which their text goes on without them. */
const MAX_DEPTH = 12;

const WRAPPERS = { em_open: 'emphasis', strong_open: 'strong', s_open: 'deleted' } as const;

/** The tokens of one line of text as a tree; neighbouring texts become one. */
export function inlineTree(tokens: readonly Token[]): Inline[] {
  const root: Inline[] = [];
  const path: Inline[][] = [root];
  for (const token of tokens) {
    const siblings = path.at(-1)!;
    if (token.nesting === 1) path.push(opened(token, siblings, path.length < MAX_DEPTH));
    else if (token.nesting === -1) path.pop();
    else append(siblings, leaf(token));
  }
  return root;
}

/** The list that takes what is nested: its own, or where that would be too deep that of the token around it. */
function opened(token: Token, siblings: Inline[], mayNest: boolean): Inline[] {
  if (!mayNest) return siblings;
  const children: Inline[] = [];
  const href = String(token.attrGet('href') ?? '');
  if (token.type !== 'link_open') siblings.push({ type: WRAPPERS[token.type as keyof typeof WRAPPERS], children });
  else if (isSafeLink(href)) siblings.push({ type: 'link', href, children });
  else return siblings;
  return children;
}

function leaf(token: Token): Inline {
  switch (token.type) {
    case 'softbreak':
    case 'hardbreak':
      return { type: 'break' };
    case 'code_inline':
      return { type: 'code', text: token.content };
    case 'math_inline':
      return { type: 'math', tex: token.content, isDisplay: token.markup === '$$' || token.markup === '\\[' };
    default:
      return { type: 'text', text: token.content };
  }
}

function append(siblings: Inline[], node: Inline): void {
  const last = siblings.at(-1);
  if (node.type === 'text' && last?.type === 'text') last.text += node.text;
  else if (node.type !== 'text' || node.text !== '') siblings.push(node);
}
