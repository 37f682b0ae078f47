import type { Token } from 'markdown-it';
import { inlineTree } from './inlineTree';
import type { Alignment, Block, Inline, ListItem, PlacedBlock } from './nodes';

/** The parser's flat list of tokens, with an opening and a closing one around what is nested, as a tree. */
export function blockTree(tokens: readonly Token[]): PlacedBlock[] {
  const placed: PlacedBlock[] = [];
  const reader = new Reader(tokens);
  while (!reader.isAtEnd) {
    const line = reader.token.map?.[0] ?? 0;
    const block = reader.block();
    if (block) placed.push({ line, block });
  }
  return placed;
}

/** The parser bounds how deep tokens are nested, and so how deep this recurses. */
class Reader {
  #next = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  get token(): Token {
    return this.#tokens[this.#next]!;
  }

  block(): Block | null {
    const token = this.#tokens[this.#next++]!;
    switch (token.type) {
      case 'paragraph_open':
        return { type: 'paragraph', children: this.#inlineUntil('paragraph_close') };
      case 'heading_open':
        return { type: 'heading', level: Number(token.tag.slice(1)), children: this.#inlineUntil('heading_close') };
      case 'blockquote_open':
        return { type: 'quote', blocks: this.#blocksUntil('blockquote_close') };
      case 'bullet_list_open':
        return { type: 'list', start: null, items: this.#itemsUntil('bullet_list_close') };
      case 'ordered_list_open':
        return {
          type: 'list',
          start: Number(token.attrGet('start') ?? 1),
          items: this.#itemsUntil('ordered_list_close'),
        };
      case 'table_open':
        return this.#table();
      case 'fence':
      case 'code_block':
        return { type: 'code', language: languageOf(token.info), text: token.content.replace(/\n$/, '') };
      case 'math_block':
        return { type: 'math', tex: token.content, isOpen: token.meta?.isOpen === true };
      case 'hr':
        return { type: 'rule' };
      default:
        return null;
    }
  }

  #blocksUntil(end: string): Block[] {
    const blocks: Block[] = [];
    while (this.token.type !== end) {
      const block = this.block();
      if (block) blocks.push(block);
    }
    this.#next++;
    return blocks;
  }

  #itemsUntil(end: string): ListItem[] {
    const items: ListItem[] = [];
    while (this.token.type !== end) {
      this.#next++;
      items.push(listItem(this.#blocksUntil('list_item_close')));
    }
    this.#next++;
    return items;
  }

  #inlineUntil(end: string): Inline[] {
    const children: Inline[] = [];
    for (; this.token.type !== end; this.#next++) children.push(...inlineTree(this.token.children ?? []));
    this.#next++;
    return children;
  }

  #table(): Block {
    const alignments: Alignment[] = [];
    const rows: Inline[][][] = [];
    for (; this.token.type !== 'table_close'; this.#next++) {
      const { type, children } = this.token;
      if (type === 'th_open') alignments.push(alignmentOf(this.token));
      else if (type === 'tr_open') rows.push([]);
      else if (type === 'inline') rows.at(-1)!.push(inlineTree(children ?? []));
    }
    this.#next++;
    const [head = [], ...body] = rows;
    return { type: 'table', alignments, head, rows: body };
  }
}

/** GitHub's tasks: an item that begins with [ ] or [x]. */
function listItem(blocks: Block[]): ListItem {
  const [first, ...rest] = blocks;
  const start = first?.type === 'paragraph' ? first.children[0] : undefined;
  const box = start?.type === 'text' ? /^\[([ xX])\]\s/.exec(start.text) : null;
  if (first?.type !== 'paragraph' || start?.type !== 'text' || !box) return { isDone: null, blocks };
  const text: Inline = { type: 'text', text: start.text.slice(box[0].length) };
  const paragraph: Block = { type: 'paragraph', children: [text, ...first.children.slice(1)] };
  return { isDone: box[1] !== ' ', blocks: [paragraph, ...rest] };
}

/** The first word behind the fence, without what some models put around it. */
function languageOf(info: string): string {
  return /[\w+#.-]+/.exec(info)?.[0].slice(0, 30) ?? '';
}

function alignmentOf(cell: Token): Alignment {
  const alignment = /left|center|right/.exec(String(cell.attrGet('style') ?? ''));
  return (alignment?.[0] as Alignment | undefined) ?? null;
}
