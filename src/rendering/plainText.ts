import type { Block, Inline } from './nodes';

/** What is said aloud of a formatted text: its words without marks, formulas and code as their source. */
export function plainText(blocks: readonly Block[]): string {
  return blocks.map(blockText).filter(Boolean).join('\n');
}

/** The words of a part of a line. */
export function inlineText(nodes: readonly Inline[]): string {
  return nodes.map(nodeText).join('');
}

function blockText(block: Block): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return inlineText(block.children);
    case 'quote':
      return plainText(block.blocks);
    case 'list':
      return block.items.map(({ blocks }) => plainText(blocks)).join('\n');
    case 'code':
      return block.text;
    case 'math':
      return block.tex;
    case 'table':
      return [block.head, ...block.rows].map((cells) => cells.map(inlineText).join(', ')).join('\n');
    case 'rule':
      return '';
  }
}

function nodeText(node: Inline): string {
  switch (node.type) {
    case 'text':
    case 'code':
      return node.text;
    case 'math':
      return node.tex;
    case 'break':
      return '\n';
    default:
      return inlineText(node.children);
  }
}
