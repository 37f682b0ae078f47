/** A formatted text as a tree. Text in it is plain text: nothing in it is ever read as HTML. */
export type Block =
  | { type: 'paragraph'; children: Inline[] }
  /** `level` 1 is the largest of six. */
  | { type: 'heading'; level: number; children: Inline[] }
  | { type: 'quote'; blocks: Block[] }
  /** `start` is the number of the first item; null where items have no numbers. */
  | { type: 'list'; start: number | null; items: ListItem[] }
  /** `language` as the author named it, or ''. */
  | { type: 'code'; language: string; text: string }
  /** `isOpen` while the end of the formula is still to come. */
  | { type: 'math'; tex: string; isOpen: boolean }
  | { type: 'table'; alignments: Alignment[]; head: Inline[][]; rows: Inline[][][] }
  | { type: 'rule' };

/** `isDone` is null where the item is no task. */
export interface ListItem {
  isDone: boolean | null;
  blocks: Block[];
}

export type Alignment = 'left' | 'center' | 'right' | null;

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'emphasis' | 'strong' | 'deleted'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'math'; tex: string; isDisplay: boolean }
  /** `href` is an http, https or mailto address. */
  | { type: 'link'; href: string; children: Inline[] }
  | { type: 'break' };

/** A block of a whole text, with the line of the text, counted from 0, in which it begins. */
export interface PlacedBlock {
  line: number;
  block: Block;
}
